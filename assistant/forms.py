"""Messages whose form says what is asked, whatever the head makes of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import background, held, strangers
from assistant import spans as parts
from assistant.cheques import last_cheque, made_out_to
from assistant.comparison import MORE_THAN, THAN, TWO_ACCOUNTS, TWO_SIDES, held_against
from assistant.following import IN_TOTAL, UNIT_ASIDE, added_up, both_of, details_of, goes_on_with, is_of_unit, merged, unit_aside
from assistant.fragments import OR_LESS, fragment, in_other_unit, leant_on, leaves_out, names_all, only_parts, only_total
from assistant.kept import same_again
from assistant.labels import TOOLS
from assistant.memory import Memory, off_track, spoke_of_somebody
from assistant.operations import asked_of_them
from assistant.pensions import came_in
from assistant.plan import ABOUT_PAYMENTS, ABOUT_SAME, ONE_ROW, READ_WHOLE, Asked, Spans, Step, Tool, only_days
from assistant.pointing import OWN, SHORT
from assistant.prices import THE_NEW_PRICE
from assistant.router import LEANING
from assistant.spans import Found, Known
from assistant.steps import BANK_CHARGES, misread


def plain_step(whole: Found, label: str, believed: bool, message: str, known: Known, memory: Memory) -> Step | None:
    """A step that is plain whatever the head says: a mere fragment, the unit before, somebody else's account.

    believed: whether the label is sure enough for a plan.
    """
    text = parts.plain(message)
    if (strangers.are_asked_about(text, known) and not _own_account(whole, known)) or (_SECRET.search(text) and OWN.search(text)):
        return Step(tool=Tool.REFUSE)
    if (plainly := _by_its_words(whole, text, label, memory.asked, known, lost=memory.lost)) is not None:
        return plainly
    if _LOOKED.fullmatch(text):
        return Step(tool=Tool.LOOKED)
    if _GOODS.search(text) or _WILL_BE.match(text) or _TAX_OWED.search(text):
        # What was bought with a payment, no payment says, nor what a bill to come will be held against one that was paid.
        return Step(tool=Tool.CANNOT, spans=whole.spans)
    if _ORDER.search(text) or (_SEND.search(text) and _FIGURE.search(text) and not text.endswith("?")):
        return Step(tool=Tool.CANNOT)
    if asks_what_is_in_it(whole):
        return Step(tool=Tool.BALANCE, spans=Spans(account=whole.spans.account))
    last = memory.asked[-1].step if memory.asked else None
    # A page that was asked about in between has no days.
    dated = next((a.step for a in reversed(memory.asked) if a.step.tool not in READ_WHOLE), None)
    alone = _WHAT_WAS_IT.sub("", _UP_OR_DOWN.sub("", text))
    if dated is not None and (unit := UNIT_ASIDE.search(alone)) and len(_HELD_TO.sub("", alone).split()) <= SHORT:
        aside = unit_aside(dated, unit["unit"], unit["way"], known, tax=bool(unit["tax"]))
        held_to = THAN.search(text) or _UP_OR_DOWN.search(text) or _HELD_TO.search(text)
        against = aside is not None and held_to is not None and dated.tool is Tool.SUM
        if aside is None or not against:
            return aside
        both = (dated.spans.periods[0], aside.spans.periods[0])
        return aside.model_copy(update={"tool": Tool.COMPARE, "spans": aside.spans.model_copy(update={"periods": both})})
    if dated is not None and (unit := _PREVIOUS.fullmatch(text)) and is_of_unit(dated, unit["unit"], known):
        return unit_aside(dated, unit["unit"], "before", known)
    if last is not None and last.tool in ONE_ROW and _THAT_ROW.fullmatch(text):
        return last
    if last is not None and not off_track(memory) and (told := _of_the_answers(whole, memory.asked, known, text)) is not None:
        return told
    lone = not (whole.unknown or whole.spans.merchants or whole.spans.category or whole.spans.account)
    if lone and spoke_of_somebody(memory) and last is not None and not off_track(memory) and THE_NEW_PRICE.search(text):
        # Since when a price is what it is, the newest change of it says.
        of = Spans(merchants=last.spans.merchants, category=last.spans.category, change="went up")
        return Step(tool=Tool.SUBSCRIPTIONS, spans=of, only=last.only)
    if last is not None and not off_track(memory) and leaves_out(whole, last, text):
        return goes_on_with(memory.asked, whole.spans, text)
    if not whole.unknown and not off_track(memory) and (one := _of_one_named(whole, memory.asked, text)) is not None:
        return one
    plain_sum = last is not None and last.tool in ABOUT_SAME | {Tool.INCOME, Tool.COMPARE} and not off_track(memory)
    paid = last is not None and last.tool in ABOUT_PAYMENTS and not off_track(memory)
    if paid and lone and spoke_of_somebody(memory) and (when := _WHEN_DID_I.fullmatch(whole.masked)):
        tool = Tool.FIND if whole.spans.periods or when["several"] else Tool.LAST
        return same_again(memory.asked[-1], tool, whole.spans, known, f"{text} last")
    if plain_sum and last is not None and _CHARGED_ON_IT.fullmatch(whole.masked) and BANK_CHARGES.search(whole.spans.category):
        # What the bank took for it in the same days, though it was left out before.
        before = last.spans.model_copy(update={"without": (), "number": "", "group": ""})
        return Step(tool=Tool.SUM, spans=merged(before, whole.spans))
    if plain_sum and last is not None and TWO_ACCOUNTS in whole.spans.account and _ONE_ACCOUNT_OR_OTHER.fullmatch(whole.masked):
        return Step(tool=Tool.SUM, spans=merged(last.spans, whole.spans), only=last.only, excluding=last.excluding)
    if plain_sum and lone and (which := _which_of_them(memory.asked[-1], text)) is not None:
        return which
    if plain_sum and lone and _ONE_THAN_OTHER.search(text) and (two := both_of(memory.asked, "both")) is not None:
        return Step(tool=Tool.COMPARE, spans=two.spans) if len(two.spans.merchants) > 1 else None
    if plain_sum and not whole.unknown and not whole.each and _HOW_MUCH_AT.fullmatch(whole.masked):
        # In the days that were spoken of.
        step = goes_on_with(memory.asked, whole.spans, text)
        return step.model_copy(update={"tool": Tool.SUM}) if step is not None else None
    if plain_sum and last is not None and not whole.unknown and spoke_of_somebody(memory) and _COMES_TO.fullmatch(whole.masked):
        step = goes_on_with(memory.asked, whole.spans, text) or last
        return step.model_copy(update={"tool": step.tool if step.tool in (Tool.SUM, Tool.INCOME) else Tool.SUM})
    if plain_sum and last is not None and lone and _EVERYTHING_WITH.fullmatch(whole.masked):
        return added_up(memory.asked[-1], whole.spans)
    if plain_sum and not whole.unknown and not whole.each and _HOW_MUCH_OF_IT.fullmatch(whole.masked):
        return _part_of(memory.asked[-1].step, whole.spans)
    if last is not None and last.tool in (Tool.SUM, Tool.COUNT) and _WHERE.fullmatch(text):
        return details_of(last, text)
    if last is not None and last.tool is Tool.PENDING and whole.spans == Spans() and IN_TOTAL.search(text) and only_total(whole):
        # The list says what it comes to.
        return last
    if last is not None and last.tool in ONE_ROW and IN_TOTAL.search(text) and only_total(whole):
        return goes_on_with(memory.asked, whole.spans, text) or last.model_copy(update={"tool": Tool.SUM})
    if last is not None and MORE_THAN.search(text) and not whole.unknown:
        return held_against(memory.asked[-1], whole.spans, text, known.today)
    if not memory.asked and len(whole.spans.periods) > 1 and names_all(whole) and only_total(whole) and not misread(whole, known):
        # "Parking, August, September, October added up".
        return Step(tool=Tool.SUM, spans=whole.spans)
    if not only_parts(whole, beside=not believed or label in LEANING) or misread(whole, known):
        return None
    return _of_parts(whole, label, believed, message, memory)


def _of_parts(whole: Found, label: str, believed: bool, message: str, memory: Memory) -> Step | None:
    """What names and times by themselves ask: they complete what was asked back about, go on with the question before, or begin one."""
    narrows = whole.spans.merchants or whole.spans.category or whole.spans.without
    takes = memory.open is not None and (memory.open.tool in ABOUT_PAYMENTS or not narrows)
    of = memory.open.spans if memory.open is not None else Spans()
    unnamed = not (of.merchants or of.category or of.account)
    if memory.open is not None and unnamed and of.periods and memory.open.tool in ABOUT_SAME and only_days(whole.spans):
        # "And last year?", after a sum of nobody knows what in this year: of everything it is no answer.
        return None
    if whole.spans.without and memory.lost and unnamed:
        # Less something, of what nobody understood: of everything it is no answer.
        return None
    if memory.open is not None and takes and not (whole.spans.merchants and memory.open.spans.merchants):
        return memory.open.model_copy(update={"spans": merged(memory.open.spans, whole.spans)})
    if off_track(memory) and (whole.spans.merchants or whole.spans.category) and not whole.spans.periods:
        # "And Duke's?" after a question that was not understood: of which days?
        return None
    if memory.asked or not believed or label not in TOOLS:
        return fragment(whole.spans, memory, message)
    return None


def _of_the_answers(whole: Found, asked: Sequence[Asked], known: Known, text: str) -> Step | None:
    """What a few words ask of the answers before."""
    return leant_on(whole, asked, known, text) or in_other_unit(asked[-1].step, text) or asked_of_them(whole, asked, known, text)


def _of_one_named(whole: Found, asked: Sequence[Asked], text: str) -> Step | None:
    """ "Piotr, all his payments", "and Mrs Jones, her newest one", "and the ASOS one, did that come"."""
    if asked and _THE_X_ONE.fullmatch(whole.masked):
        return goes_on_with(asked, whole.spans, text)
    if _ALL_HIS.fullmatch(whole.masked):
        step = goes_on_with(asked, whole.spans, text) if asked and asked[-1].step.tool is Tool.SUM else None
        return Step(tool=Tool.FIND, spans=step.spans if step is not None else whole.spans)
    return Step(tool=Tool.LAST, spans=whole.spans) if _NEWEST_OF.fullmatch(whole.masked) else None


def _which_of_them(last: Asked, text: str) -> Step | None:
    """ "Which of the three was the biggest", "who had most of it": of those that were added up."""
    step = last.step
    if (
        step.tool is Tool.BREAKDOWN
        and step.spans.group.endswith("month")
        and _WHICH_OF_THEM.fullmatch(text)
        and _MOST.search(text)
    ):
        # Months were told, so it is one of those.
        return step.model_copy(update={"tool": Tool.TOP, "spans": step.spans.model_copy(update={"group": "which month"})})
    if len(step.spans.merchants) > 1 and _WHICH_OF_THEM.fullmatch(text):
        # A comparison is of two; of more each is told, and whoever had most of it first.
        ranked = Tool.TOP if _MOST.search(text) else Tool.SUM
        return Step(tool=Tool.COMPARE if len(step.spans.merchants) == TWO_SIDES else ranked, spans=step.spans)
    if step.tool in (Tool.SUM, Tool.COUNT) and len(last.used) > 1 and _HAD_MOST.fullmatch(text):
        # One word may mean several payees.
        return step.model_copy(update={"tool": Tool.TOP, "spans": step.spans.model_copy(update={"number": "", "group": ""})})
    return None


_HOW_MUCH_OF_IT = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:(?:how much|what|how many pounds) of (?:it|that|this|those|them)(?: lot)?(?: all)? (?:was|were|is|went|goes|did i spend)"
    r"|(?:how much )?of which(?: how much)?(?: (?:was|were|is|went|goes))?)"
    r"(?: (?:spent|paid|on|to|at|in|for|from|with|just|only|the|my))* x(?:merchant|category)(?: (?:then|alone|please|was how much|came to what|how much))?[ ?.!]*"
)
# "The balance of Daniel's account": a name beside an account, that is no account of theirs, is somebody else.
# "How much did I take out?", "when was that?" of the payment that was just told of.
_THAT_ROW = re.compile(
    r"(?:and |so |ok )*(?:how much|how much (?:did (?:i|we) (?:pay|spend|send|give|take out|get out|withdraw)(?: them| him| her)?|was (?:it|that))"
    r"|(?:when|where|who|what day|what date|which day) (?:was|is|did) (?:that|it|this)(?: one| payment| purchase)?"
    r"(?: for| to| from| at| with| go(?: out| to)?| happen| made| paid| on| sent| taken| booked| charged| spent)?)(?: then| for)?[ ?.!]*"
)
# Of a sum: the payments in it say where.
_WHERE = re.compile(
    r"(?:and |so |ok )*(?:where|who to|to whom)(?: (?:was (?:that|it)|were (?:they|those|these)))?(?: to| at| exactly)?[ ?.!]*"
)
_HOW_MUCH_AT = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*how much(?:(?: was| is| went| spent)? (?:at|in|on|to|with)| was) x(?:merchant|category)(?: then| alone)?[ ?.!]*"
)
_WHICH_OF_THEM = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:which|who)(?: one| of (?:them|those|these|the (?:two|three|four|five|six|lot)))? (?:was|is|had|has|got|took|cost|costs|came to)(?: me| us)?(?: the)?"
    r" (?:more|most|less|least|dearer|dearest|cheaper|cheapest|bigger|biggest|higher|highest|lower|lowest|larger|largest|smaller|smallest)"
    r"(?: (?:from|off|out of) me| of (?:it|them|that|those)(?: all)?)?(?:,? and (?:by )?(?:how much|what (?:did|does|was) (?:it|that)\b[^?.!;]*))?[ ?.!]*"
)
_MOST = re.compile(r"\b(?:most|dearest|biggest|highest|largest)\b")
_HAD_MOST = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:which|who)(?: one| of (?:them|those|these))?(?:'s| has| have)? (?:had|got|gets|took|takes|taken|cost) (?:me |us )?(?:the )?most"
    r"(?: (?:from|off|out of) me| of (?:it|them|that|those)(?: all)?)?[ ?.!]*"
)
# "How much more has he had than her".
_ONE_THAN_OTHER = re.compile(r"\b(?:more|less)\b.*\b(?:he|she|they|him|her|them)\b.*\bthan (?:he|she|they|him|her|them)\b")
# "And the ASOS one, did that come".
_THE_X_ONE = re.compile(
    r"(?:(?:and|so|ok|but|then|right)\b[,.]? )*(?:what about |how about )?(?:the |my )?xmerchant ones?,? (?:did|has|have|is|was) (?:that|it|this|they)\b(?: [a-z]+){0,2}[ ?.!]*"
)
# "And Mrs Jones, her newest one, day and amount".
_NEWEST_OF = re.compile(
    r"(?:(?:and|so|ok|but|then|right|now|what about|how about)\b[,.]? )*(?:for |of )?xmerchant ?[,:]? (?:the |her |his |their )?(?:latest|newest|last|most recent)"
    r"(?: (?:one|payment|transfer|time|visit))?(?:,? (?:when|what|which|day|date|amount|how much|and|the|was|it|with|please))*[ ?.!]*"
)
# "Piotr, all his payments with the day".
_ALL_HIS = re.compile(
    r"(?:(?:and|so|ok|but|then|right|now|(?:the |my )?other)\b[,.]? )*xmerchant ?[,:]? (?:(?:show|list|tell)(?: me)? )?all (?:of )?(?:his|her|their|the|my) payments(?: to (?:him|her|them))?"
    r"(?:,? with (?:the |their )?(?:day|date)s?)?(?: xperiod)?[ ?.!]*"
)
# "Now your fees on it".
_CHARGED_ON_IT = re.compile(
    r"(?:(?:and|so|ok|but|then|now|right|just|what about|how about|what (?:were|are|was|is)|how much (?:were|are|was|is))\b,? )*(?:the |your |any |those |all )*xcategory"
    r" (?:on|for|from|with) (?:it|that|them|those|top|all that|all of (?:it|that))(?: all)?(?: please| then)*[ ?.!]*"
)
# "Mine against the joint one".
_ONE_ACCOUNT_OR_OTHER = re.compile(
    r"(?:(?:and|so|ok|but|then|now|what about)\b,? )*(?:my )?xaccount (?:vs|versus|against|compared (?:to|with)|or) (?:my )?xaccount(?:,? (?:(?:for|in|over|those|the) )*xperiod)?[ ?.!]*"
)
_WHEN_DID_I = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*(?:when|(?:on )?(?:which|what) (?:day|date)(?P<several>s)?)(?: (?:was it|were they))?(?: that)? (?:(?:did|have|had) (?:i|we)|(?:i|we)(?:'d|'ve| had| have)?)"
    r" (?:(?:last|actually|originally|first) )*(?:pay|paid|send|sent|give|gave|given|transfer(?:red)?|made|make)(?: (?:him|her|them))?(?: (?:it|that|the (?:money|payment|transfer)))?"
    r"(?: to (?:him|her|them))?(?: xperiod| (?:in |for )?that (?:month|week|year))?[ ?.!]*"
)
# "What's that come to for the year".
_COMES_TO = re.compile(
    r"(?:(?:and|so|ok|but|then)\b,? )*what(?:'s| is| has| does| did| would)? (?:it|that|all that)(?: all)? (?:come|came|comes|add up|amount)(?: to)?(?: altogether| in all)?(?: xperiod)?[ ,?.!]*"
    r"|(?:(?:and|so|ok|but|then|now|can you|could you|please)\b,? )*(?:add|tot|sum) (?:it|that|them|those|these|all of (?:them|those)|them all|it all)(?: all)? up(?: for me| please| then)*[ ?.!]*"
)
# "Everything with them", "the lot from her, ever".
_EVERYTHING_WITH = re.compile(
    r"(?:(?:and|so|ok|but|then|now|what about|how about|what's|what is)\b,? )*(?:everything(?: (?:i|we)(?:'ve| have)? (?:ever )?(?:paid|spent|gave|given|sent|bought))?|all of it|all payments|(?:in |of |for )?all time|(?:in |over |for )?the (?:whole|entire|full) time|(?:the )?(?:(?:grand|overall) )?total|the (?:whole )?lot)"
    r"(?: (?:(?:with|at|from|to|for|in) )?(?:him|her|them|there))?(?:,? (?:ever|in all|all told|altogether|all time|overall|so far|please|then|xperiod))*[ ?.!]*"
)
# What pays by itself: nobody is told it, whatever else is asked.
_SECRET = re.compile(r"\b(?:cvv2?|cvc2?|cv2|three (?:digits|numbers) on the back|security code on (?:the|my) (?:back|card))\b")
# A question about the answer before, and about nothing in the accounts themselves.
_LOOKED = re.compile(
    r"(?:and |so |ok |okay |but |sorry )*(?:(?:what|where|which (?:accounts?|pages?|data|records?|sources?|payments|services?))"
    r"(?: exactly| all| else)? (?:did|have) you (?:just |actually )?(?:look(?:ed)?(?: at| in| into| through)?|check(?:ed)?|search(?:ed)?|read|used?|consult(?:ed)?)"
    r"|where (?:did you (?:get|take|find)|do you (?:get|have)|have you (?:got|taken)) (?:that|this|it|those)(?: figures?| numbers?| answer)?(?: from)?)"
    r"(?: for (?:that|this|it)(?: answer)?| just now| there| to (?:answer|say|know|find) (?:that|this|it)(?: out)?)?\s*[?.!]*"
)
# "Dearer or cheaper", beside what it is held against.
_UP_OR_DOWN = re.compile(
    rf"[,;:.?]? ?(?:\b(?:is|was|were) (?:it|that|this|they) )?\b{OR_LESS}\b(?: (?:and )?by (?:how much|what))?"
)
_HELD_TO = re.compile(
    r"\b(?:(?:how|what) (?:does|do|did|would|is|was) (?:that|it|this|they) )?(?:compare|sit|stack up|measure up|square up|stand|hold up)s? (?:to|with|against|beside|next to)\b"
)
# "The year before as well, what was that one".
_WHAT_WAS_IT = re.compile(r"(?: as well| too)?[,.;?]? (?:what|how much) (?:was|is) (?:that|it|this)(?: one| time)?(?=[ ?.!]*$)")
# "The previous month", after a month: the one before that, and not the one before this.
_PREVIOUS = re.compile(
    r"(?:(?:and|so|ok|but|then|what about|how about)\b,? )*(?:(?:in|for|during) )?the (?:previous|preceding|prior) (?P<unit>day|week|month|quarter|year)(?: (?:then|too|as well|please))*[ ?.!]*"
)
# Orders, whatever else they name: none of the tools that read. Those that can be done are taken by `assistant.acting`.
_POLITELY = (
    r"^(?:please |pls |(?:can|could|would|will) (?:you|u) |i want to |i'd like to |i would like to |i need to |just |ok |now )*"
)
_ORDER = re.compile(
    _POLITELY
    + r"(?:freeze|unfreeze|block|unblock|cancel|close|set up|setup|order|activate|replace|change|raise|increase|lower|reduce)"
    r" (?:my|the|a|an|our|this|that|all|both) "
)
_WILL_BE = re.compile(
    r"(?:(?:and|so|but|then)\b,? )*will (?:my|the|our|it|this|that|next)\b[^.?!;]*\bbe (?:any |much |a lot )?(?:bigger|higher|lower|smaller|dearer|cheaper|more|less) than\b"
)
# What tax is owed, the tax office says.
_TAX_OWED = re.compile(
    r"\b(?:calculate|work out|estimate|compute)\b[^.?!;]{0,20}\b(?:my|our)\b(?! (?:council|car|road|vehicle))(?: [a-z-]+)? (?:tax|vat)\b(?! (?:pot|payments?))"
    r"|\b(?:my|our)(?: [a-z-]+)? (?:tax|vat) liability\b|\bhow much (?:income |corporation )?tax (?:do|will|would) (?:i|we) (?:owe|have to pay|be due)\b"
)
# What is still owed, no payment says.
_LEFT_OF_LOAN = re.compile(
    r"\b(?:left|remaining|still|outstanding)(?: to (?:pay|clear|repay))?(?: off)? (?:on|of) (?:the|my|our) (?:[a-z]+ )?(?:loan|mortgage|car finance|finance|hire purchase)\b"
    r"|\b(?:still|left to) owe\b[^.?!;]*\b(?:loan|mortgage|finance)\b"
)
# What to do with money is the customer's to say.
_ADVICE = re.compile(
    r"(?:(?:and|so|but|then|ok|do you think)\b,? )*(?:(?:should|shall|ought) (?:i|we)(?: to)?(?: really| just)? (?:put|move|invest|switch|stick|keep|leave)"
    r"|(?:would|will|am|are) (?:i|we) (?:be )?better(?: off)? (?:putting|moving|investing|switching|keeping|leaving))\b.*\b(?:in|into|instead|rather|to)\b"
)
_GOODS = re.compile(
    r"\b(?:which|what) (?:book|title|novel|film|album|brand|colou?r|flavour)s? (?:did|have|had|was|were|is)\b"
    r"|\b(?:which|what) (?:items?|products?) (?:did|have) (?:i|we) (?:buy|bought|ordered?)\b"
    r"|\bwhat (?:is|was) it (?:that )?(?:i|we)(?:'ve| have)? (?:buy|bought|ordered)\b|\bwhat do they (?:even |actually )?sell\b"
    r"|\bwhat (?:was|is|were) (?:actually |really |even )?(?:inside|in) (?:the|that|this|my|our) (?:[a-z]+ )?(?:parcel|box|basket|bag|delivery|package|order)\b"
    r"|\b(?:which|what) (?!(?:day|date|month|week|year|time|shop|store|branch|card|account|payment|one|person|name|company|firm|merchant|place|amount|bank|kind|of)s?\b)[a-z]+ (?:it|that|this) (?:was|is)\b[^.?!;]* or (?:the )?[a-z]+"
)
_SEND = re.compile(_POLITELY + r"(?:pay|send|transfer|move|wire|put|top up|lend)\b")
_FIGURE = re.compile(r"\d|\bxamount\b")
# "What's in the house pot": whatever was asked before.
_IN_IT = re.compile(
    r"(?:what's|what is|whats|what does (?:that|this) leave(?: me| us)?(?: with)?|how much(?: money| euros?| dollars?)?(?: is)?(?: there)?|how much have i got|what do i have|what have i got)(?: got)?(?: (?:now|currently|right now))? xaccount(?: (?:(?:the |right |just )?now|at the moment|today|currently|then|so far))?[ ?.!]*$"
)


def asks_what_is_in_it(whole: Found) -> bool:
    """Whether a message asks what is in an account now, or whether that has come to a sum."""
    said = whole.spans
    now = all(p in parts.DAYLESS for p in said.periods)
    if not now or said != Spans(account=said.account, periods=said.periods, amount=said.amount):
        return False
    return (_REACHED if said.amount else _IN_IT).search(whole.masked) is not None


_REACHED = re.compile(
    r"^(?:(?:and|so|ok|has|have|did|is|are)\b,? )*xaccount (?:(?:now|already|finally|ever|gone|got|up|at|made it) )*(?:hit|reach(?:ed)?|to|pass(?:ed)?|past|top(?:ped)?|over|above|cross(?:ed)?|at)"
    r"(?: the)? xamount(?: mark)?(?: (?:yet|now|already|by now))*[ ?.!]*$"
    r"|\bhow (?:close|near|far) (?:is|are|am|off|away|(?:is )?(?:i|we))\b.*\bxaccount\b(?: (?:off|away|from|to))+ (?:the )?xamount[ ?.!]*$"
)


def _by_its_words(whole: Found, text: str, label: str, asked: Sequence[Asked], known: Known, *, lost: bool) -> Step | None:
    """A step that is plain whatever the head says: thanks, a secret, what no statement tells, somebody's own money."""
    if (_ADVICE.match(text) and label != Tool.ARTICLE) or _LEFT_OF_LOAN.search(text):
        # What was paid to whoever is named may be asked next.
        return Step(tool=Tool.CANNOT, spans=Spans(merchants=whole.spans.merchants, category=whole.spans.category))
    if _praises(whole, text, label):
        return Step(tool=Tool.HELP)
    if _CODE.search(text) or held.of_their_own(text, whole, known):
        return Step(tool=Tool.REFUSE)
    last = asked[-1].step if asked and not lost else None
    return (
        made_out_to(text, last)
        or last_cheque(whole, text, known)
        or came_in(whole, text, label, last, known)
        or held.taken_out(whole, text, last, known)
        or held.moved_by_other(whole, text, last, known)
    )


_CODE = re.compile(
    r"\b(?:number|code|digits|figures) (?:for|at|of) (?:the|a|my) (?:cash ?(?:machine|point)|hole in the wall|atm)\b"
    r"|(?<!last )(?<!final )\b(?:four|4|six|6)[ -](?:figures?|digits?|numbers?)\b[^.?!]*\b(?:hole in the wall|cash ?(?:machine|point)|atm|card|door|machine|till)\b"
    r"|\bhole in the wall\b[^.?!]*\b(?:code|digits?|figures|number)\b|\b(?:code|secret number|number) (?:for|of|that goes with|to use with) (?:my|the|our|her|his) (?:[a-z]+ )?card\b"
    r"|\b(?:number|code|digits|figures) (?:that )?(?:i|you|we) (?:type|tap|key|punch|press|enter|put)(?: in)?(?: at| into| for| with) (?:the|my|a)\b"
)


def _praises(whole: Found, text: str, label: str) -> bool:
    """Whether a message thanks or praises and asks for nothing."""
    words = parts.WORD.findall(text)
    if "?" not in text and set(words) <= _PRAISE and not _MUST.isdisjoint(words):
        return True
    first = _FIRST_PRAISED.match(text) if whole.spans == Spans() else None
    return label == Tool.REFUSE and first is not None and not background.asks(text[first.end() :])


_PRAISE = {
    "thanks", "thank", "you", "ta", "cheers", "dziekuje", "merci", "danke", "bye", "goodbye", "clever", "brilliant",
    "marvellous", "lovely", "sound", "champion", "smashing", "star", "helpful", "kind", "very", "so", "much", "that", "that's",
    "it's", "are", "is", "a", "an", "the", "dear", "love", "pet", "darling", "nice", "one", "good", "great", "grand", "perfect",
    "super", "wonderful", "splendid", "excellent", "well", "done", "job", "and", "oh", "ah", "for", "your", "help", "all",
    "again", "too", "really", "most", "now", "then", "right", "sorted", "ok", "okay", "day", "night", "hen", "duck", "mate",
    "pal", "bab", "have",
}  # fmt: skip
_MUST = {
    "thanks", "thank", "ta", "cheers", "dziekuje", "merci", "danke", "bye", "goodbye", "clever", "brilliant", "marvellous",
    "smashing", "star", "helpful", "champion", "splendid",
}  # fmt: skip
_FIRST_PRAISED = re.compile(
    r"^(?:marvellous|splendid|lovely|brilliant|great|perfect|excellent|wonderful|good|champion|smashing|super|thanks|thank you|cheers|ta)\b[^.!?,]{0,20}[.!]+ "
)


def _own_account(found: Found, known: Known) -> bool:
    """Whether the customer named an account of theirs in full, such as "Grandchildren's savings"."""
    return any(parts.plain(a.name) in parts.plain(found.spans.account) for a in known.accounts if "'" in parts.plain(a.name))


def _part_of(whole: Step, said: Spans) -> Step | None:
    """ "How much of it was Boots": of the same days and accounts, and of the kind that was asked about, where one was."""
    if not (whole.spans.merchants or whole.spans.category) and not whole.spans.periods:
        return None
    merchants = said.merchants or whole.spans.merchants
    # What the bank charges is charged by no shop: of such a sum a shop is no part.
    kind = whole.spans.category if BANK_CHARGES.search(whole.spans.category) is None else ""
    update = {"merchants": merchants, "category": said.category or kind, "number": "", "group": "", "change": ""}
    return Step(tool=Tool.SUM, spans=whole.spans.model_copy(update=update), only=() if said.merchants else whole.only)
