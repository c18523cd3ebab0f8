"""Words for what something costs now and what it cost before."""

from __future__ import annotations

import re

# What is paid now and what was paid before, however it is asked.
PRICE_BEFORE = re.compile(
    r"\bfrom what to what\b|\bwhat (?:was it )?from and (?:what )?to\b|\b(?:old|previous) (?:amount|price|rate|rent|figure|one) and (?:the )?(?:new|current)\b"
    r"|\b(?:new|current) (?:amount|price|rate|rent|figure|one) and (?:the )?(?:old|previous)\b|\bprice now\b.*\bbefore\b|\bbefore ?(?:/|and) ?after\b"
    r"|\b(?:now|these days)\b[ ,]*(?:and|n|but)?[ ,]*(?:what )?(?:(?:was|did) (?:it|they|that|i|we) )?(?:[a-z]+ )?before\b|\bthis time\b.*\band (?:what )?(?:(?:did|was) [a-z]+ )?last time\b"
    r"|\bwhat (?:was|were|did) (?:it|they|i|we)(?: [a-z]+){0,2} before (?:it|they|that|the)\b"
    r"|\bwas ?(?:/|,|and|then) ?(?:what )?(?:it )?is\b|\b(?:is|are) ?(?:/|,|and) ?(?:what )?(?:(?:it|they) )?(?:was|were)\b|\bwhat (?:was|were) (?:it|they)\b.*\bwhat (?:is|are) (?:it|they) now\b"
    r"|\bwhat (?:is|are) (?:it|they) now\b.*\bwhat (?:was|were) (?:it|they)\b"
    r"|\b(?:went|gone|go(?:es)?|put) up from\b|\bused to (?:be|cost) (?:[a-z]+ )?(?:cheaper|less|lower|dearer|more)\b"
    r"|\b(?:amount|price|rate|rent|fee|figure|cost|premium|charge)s? (?:it (?:was|had been) )?before (?:it|they|that) (?:last |was |got |were )?(?:changed?|rose|went up|raised?|increased?|put up)\b"
    r"|\bbefore (?:it|they) (?:last )?(?:changed|rose|went up|increased|got dearer|was raised|was put up)\b"
)
RISE = re.compile(
    r"\b(?:dearer|pricier|more expensive|(?:gone|went|go|goes|going|put|putting) (?:their |its |the )?(?:prices? )?up"
    r"|(?:price|cost)s? (?:rise|rises|rose|risen|increase|increased|increases|hike|hikes|changed?|changes|go(?:ne)? up|went up)"
    r"|(?:got|gotten|getting|become) (?:dearer|more expensive|pricier)|(?:cost|charg)(?:e|es|ed|ing|s)? (?:me |us )?more|increased?|changed (?:its |their )?price|new (?:price|amount|rate|rent|fee))\b"
    r"|\b(?:put|raised) (?:my |the |our |their |its |it )?(?:[a-z]+ )?up\b|\braised (?:my|the|our|their|its)\b|\bbefore\b.*\bnow\b|\bnow\b.*\bbefore\b"
    r"|\bfrom what to what\b|\bfrom and to\b|\b(?:old|new) (?:amount|price) and (?:the )?(?:old|new)\b|\bbefore ?(?:/|and) ?after\b|\bthis time\b.*\blast time\b|\b(?:got|gone|went) cheaper\b|\b(?:grew|grown|risen|rose)\b"
)
THE_NEW_PRICE = re.compile(
    r"\bthe (?:new|higher|dearer|old|current|increased) (?:price|amount|rate|rent|fee|charge|cost|one|figure|payment)\b"
)
# What somebody charges is a price, and not what was ever paid to them.
THEY_CHARGE = re.compile(
    r"(?<!did )(?<!had )(?<!have )\b(?:they|he|she) charges? (?:me |us )?(?:how much|for (?:it|that|this)\b)"
    r"|\bhow much (?:do|does) (?:they|he|she) charge\b"
)
