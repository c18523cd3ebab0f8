"""How people speak of what they hold: an account that is shared, what was put into one and by whom, what one held on a day, how far
it may go, and whose accounts are none of theirs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import periods
from assistant import spans as parts
from assistant.cheques import is_number
from assistant.memory import Memory
from assistant.pensions import COUNTED
from assistant.plan import Asked, Spans, Step, Tool
from assistant.spans import Found, Known
from data.banking import Account, AccountKind

# What was moved into a shared account by whoever holds it too.
BY_OTHER = "by the other holder"
LEAD_OF_ACCOUNT = re.compile(r"^(?:in|from|on|of|at|with|to|into|for)\s+")
# What was done with money that is in an account now: "list what I moved into the pot".
MOVING = frozenset(
    {"move", "moved", "moving", "put", "chucked", "shoved", "bunged", "stashed", "lobbed", "transferred", "squirrelled", "saved"}
    | {"top", "topped", "add", "added", "deposit", "deposits", "deposited", "up"}
)


def with_account(text: str, memory: Memory, known: Known) -> str:
    """The message with the account that was spoken of in the place of what points at it: "what have I moved in there", "what rate
    does it pay"."""
    text = _with_shared(text, known)
    step = memory.heard if memory.lost else _spoken_of(memory.asked)
    if step is None or not step.spans.account:
        return text
    # "Rainy day one. How much did I move into it": what it points at is said first.
    opening, mark, _ = parts.plain(text).partition(". ")
    said = parts.find(opening, known).spans if mark else Spans()
    account = LEAD_OF_ACCOUNT.sub("", said.account if said == Spans(account=said.account) != Spans() else step.spans.account)
    if _NAMED_FIRST.search(parts.find(text, known).masked) or _WAS_THERE.search(parts.plain(text)):
        # "Or the holiday pot, what's in there", "I was in Rome, what did I pay there".
        return text
    if step.spans.change == BY_OTHER and _ONLY_ME.fullmatch(parts.plain(text)):
        # After what the other holder paid in.
        return " ".join((f"how much have i paid into {account}", *step.spans.periods))
    if mine := _ON_MINE.fullmatch(parts.plain(text)):
        # After one that is shared.
        return f"{mine['lead'] or ''}from my own account"
    if any(a.kind is AccountKind.SAVINGS for a in parts.accounts_named(account, known.accounts)):
        # Whoever moved money into it, what it earns is nobody's payment.
        text = _INTEREST_DID.sub(f"interest earned in {account}", parts.plain(text))
        if alone := _INTEREST_ALONE.fullmatch(text):
            return f"interest earned in {account} {alone['days'] or ' '.join(step.spans.periods)}".strip()
    of_account = step.spans.merchants in ((), ("interest",)) and not step.spans.category
    if not of_account and not _WHATS_IN_IT.fullmatch(parts.plain(text)):
        # Nothing is moved into a shop.
        text = _THAT_ACCOUNT.sub(rf"\g<lead> {account}", text)
        return _MOVED_THERE.sub(lambda m: m[0] if m["verb"] in _PAID_THERE else f"{m['verb']} into {account}", text)
    text = _about_account(_AS_IT_IS.sub("", text), account, known)
    if "standing order" in text:
        # Of what is moved there by itself, no sum is asked.
        return text
    text = _PAID_IN_THERE.sub(rf"\g<verb> into {account}", _MOVED_THERE.sub(rf"\g<verb> into {account}", text))
    return _DOES_IT.sub(rf"\g<does> {account} \g<verb>", _IN_THERE.sub(rf"\g<lead> {account}", text))


def _spoken_of(asked: Sequence[Asked]) -> Step | None:
    """What was asked last, or the one of an account that was asked together with it: "what is in the pot, and what took the gas"."""
    if not asked:
        return None
    last = asked[-1]
    of_account = asked[-2].step if last.beside and len(asked) > 1 and not last.step.spans.account else None
    return of_account if of_account is not None and of_account.spans.account else last.step


_NAMED_FIRST = re.compile(r"\bxaccount\b,? [^.?!;]*\b(?:in|into|on|of) (?:it|there|that one|that account)\b")
_WAS_THERE = re.compile(r"\b(?:was|were|been|went|trip|holiday|stayed|weekend) (?:in|at|to|over in) [a-z]+\b.*\bthere\b")
_ON_MINE = re.compile(
    r"(?P<lead>(?:(?:and|ok|okay|so|right|now|what about|how about|just)\b,? ?)*)(?:(?:on|from|in|with|for) )?(?:mine|my own|my one)(?: alone| only| then)?[ ?.!]*"
)
_IT_OR_THERE = r"(?:it|there|that one|that account|the same one)\b(?! (?:is|are|was|were))"
_WHATS_IN_IT = re.compile(rf"(?:(?:and|so|ok)\b,? )*what(?:'s| is) in {_IT_OR_THERE}(?: (?:the |right |just )?now)?[ ?.!]*")
_MOVED_THERE = re.compile(
    r"\b(?P<verb>moved?|puts?|pa(?:y|id)|transfer(?:red)?|sent|send|saved?|add(?:ed)?)(?: money| across| over| away)*"
    rf"(?: (?:in|into|in to|onto|to|across to|over to) {_IT_OR_THERE}| there\b(?! (?:is|are|was|were)))"
)
# "I've paid in how much since April", "how much I put in every month".
_PAID_IN_THERE = re.compile(
    r"\b(?P<verb>(?:i|we)(?:'ve| have)? (?:moved?|put|pa(?:y|id)|saved?|add(?:ed)?)) in(?=\s*(?:$|[?.!,]|how much|every|each|since|this|last|so far|a month|in \d))"
)
_PAID_THERE = frozenset({"pay", "paid", "sent", "send"})
_IN_THERE = re.compile(rf"\b(?P<lead>in|into|from|out of|on|of) {_IT_OR_THERE}")
_THAT_ACCOUNT = re.compile(r"\b(?P<lead>in|into|from|out of|on|of) (?:that|this|the same) (?:account|pot|jar)\b")
_DOES_IT = re.compile(
    r"\b(?P<does>does|do|will|is|was|would|could|can) (?:it|the pot|that pot|that one) (?P<verb>pay|pays|earn|earns|earning|paying|give|get|make|cover|stretch to|stand|run to|carry|bear|attract)\b"
)
_AS_IT_IS = re.compile(r",? as (?:it|that|things?) (?:now )?(?:stands?|is|are)(?: now)?,?(?= )")
_ONLY_ME = re.compile(
    r"(?:(?:and|so|ok|what about|how about)\b,? )*(?:me|mine|my own|myself|by me|from me|i|my share|my part)(?: then| too| please)*[ ?.!]*"
)


def _about_account(text: str, account: str, known: Known) -> str:
    """A text with the account that was spoken of in it: "added in since May", "has it gone down", "in it and my own"."""
    account = LEAD_OF_ACCOUNT.sub("", account)
    text = parts.plain(text)
    held = parts.accounts_named(account, known.accounts)
    saves = bool(held) and all(a.kind is AccountKind.SAVINGS for a in held)
    if (put := _PUT_IN.match(text)) and (saves or put["me"]):
        text = f"{put['lead'].replace('of which', '')}how much have i put into {account}{text[put.end() :]}"
    elif saves and (of_which := _OF_WHICH.match(text)):
        text = f"how much have i put into {account}{text[of_which.end() :]}"
    elif saves and _HOW_MANY.search(text):
        text = _I_MOVED.sub(rf"\g<did> into {account}", text)
    text = _TOTAL_FROM_ME.sub(f"how much have i paid into {account}", text)
    if saves and _RATE_ONLY.fullmatch(text):
        return f"what is the interest rate on {account}"
    text = _INTEREST_IT.sub(f"interest earned in {account}", text)
    text = _THAT_AND_OWN.sub(rf"\g<lead> {account} and my own account", text)
    text = _FOR_THIS.sub(f"for {account}", text)
    return _IT_GREW.sub(lambda m: f"{m['does'] or ''}{account}{(m['has'] or '').replace(chr(39) + 's', ' has')} ", text)


_VERBS = r"(?:put|paid|moved|chucked|added|saved|transferred|stuck|shoved|bunged|lobbed|stashed)"
_PUT_IN = re.compile(
    rf"^(?P<lead>(?:(?:and|so|ok|then|also|plus|right|of which)\b,? )*)(?:(?:what|how much)(?:'s| was| has been| have i| did i| i| i've)? )?{_VERBS} in(?: there| it)?"
    r"(?P<me> by (?:me|myself|us))?(?: how much)?(?=\s*(?:$|[?.!,]|(?:since|in|this|last|from|during|so far|between|over|until|ever|altogether|total|to date|for|on)\b))"
)
# "Of which moved over from my current account".
_OF_WHICH = re.compile(
    rf"(?:(?:and|so)\b,? )*(?:how much )?of (?:which|that|it) (?:(?:was|is|have i|did i|i|i've|has been) )?{_VERBS}(?: (?:over|across|in|there|by me))*"
    r"(?: from (?:my|the) (?:[a-z]+ ){0,2}(?:account|acct|acc))?(?=\s*(?:$|[?.!,]|(?:since|in|this|last|during|so far|over)\b))"
)
_GREW = r"(?:(?:gone|went|go|going|goes|moved) (?:up|down)|(?:up|down) (?:by|since)|up or down|down or up|grown?|grew|risen|rose|dropped|fallen|fell|shrunk|increased|decreased)"
# What it did, and nothing that was done with it.
_SHIFTED = r"(?:moved|changed|altered|shifted|come (?:up|down))(?! (?:in|into|to|out|from|there|across|over|money)\b)"
_IT_GREW = re.compile(rf"\b(?P<does>(?:has|did|is|was) )?(?:it|that)(?P<has>'s| has| had)? (?={_GREW}\b|{_SHIFTED}\b)")
_THAT_AND_OWN = re.compile(r"\b(?P<lead>on|in|for|of) (?:that|it|this)(?: one)? and (?:(?:on|in|for|of) )?my own(?: one)?\b")
_FOR_THIS = re.compile(r"\b(?:for|of|to|on) (?:this|that) (?:account|one)\b")
_I_MOVED = re.compile(
    rf"\b(?P<did>(?:i|we)(?:'ve| have| did)?(?: ever)? {_VERBS})(?: (?:away|across|over))?(?=\s*(?:$|[?.!,]|(?:since|last|this|during|on|over|between|ever|at once)\b|in (?:{parts.MONTH_NAME}|20\d\d|the last)\b))"
)
_HOW_MANY = re.compile(r"\b(?:how (?:much|many|often)|what|biggest|largest|smallest|most|last|first|list|average|total)\b")
_TOTAL_FROM_ME = re.compile(
    r"(?:\b(?:the )?total|\b(?:what|how much)(?: has| have|'s)? (?:come|came|gone)(?: in)?)(?: in)? from me\b"
)
_INTEREST_IT = re.compile(
    r"\binterest (?:it|(?:that|the|this)(?: (?:pot|account|one))?)(?:'s| has)? (?:fetched|earned|made|got|paid|given|brought|added)(?: in)?(?: (?:me|us))?\b"
)
_INTEREST_DID = re.compile(
    r"\binterest (?:did|does|has) (?:it|that|the|this)(?: (?:pot|account|one))? (?:earn(?:ed)?|make|made|pay|paid|give(?:n)?|get|got|bring|brought|add(?:ed)?)(?: in)?(?: (?:me|us))?\b"
)
# "And the interest on top, this year".
_INTEREST_ALONE = re.compile(
    r"(?:(?:and|also|so|plus|ok|then|what about|how about|how much)\b,? )*(?:the |its |any )?interest(?: (?:on top(?: of (?:that|it))?|on (?:it|that)|from (?:it|that)|too|as well|earned|added))*"
    r"(?P<days>,? (?:this|last|in|since|so far|over|during|for)\b[^.?!;,]*)?[ ?.!]*"
)
_RATE_ONLY = re.compile(
    r"(?:(?:and|also|so|plus|ok)\b,? )*(?:what(?:'s| is)? )?(?:the |its )?(?:(?:interest )?(?:rate|percent(?:age)?)(?: of interest)?)(?: (?:is )?(?:it's |it is |is it |it )?on(?: it)?| (?:that )?it (?:earns?|pays?|carries|gets?|gives?|bears?|attracts?|is on)| for it| there)?(?: p\.?a\.?| per (?:annum|year)| a year)?(?:,? (?:please|pls|plz|too|as well))?"
    r"(?: (?:at the (?:minute|moment)|(?:right |just )?now|currently|these days|today))?[ ?.!]*"
)


def _shared(known: Known) -> list[Account]:
    """The accounts that are held with somebody else."""
    return [a for a in known.accounts if a.id not in known.others and " and " in a.holders]


def _other_holders(known: Known) -> set[str]:
    """The words of the names of those with whom an account is shared; none where nobody can tell who of them asks."""
    alone = [a for a in known.accounts if a.id not in known.others and a.holders and " and " not in a.holders]
    mine = {word for a in alone for word in parts.holders_of(a)}
    return {word for a in _shared(known) for word in parts.holders_of(a)} - mine if mine else set()


def _is_other_holder(word: str, names: set[str]) -> bool:
    """ "Dan" is short for one of them too."""
    return word in names or (len(word) > 2 and any(name.startswith(word) for name in names))


def _with_shared(text: str, known: Known) -> str:
    """A text with the name of the one account that is shared in the place of how it is described: "the one we share for the bills"."""
    text = _bare_named(text, known)
    current = [a for a in _shared(known) if a.kind is AccountKind.CURRENT]
    return _WE_SHARE.sub(f"the {parts.plain(current[0].name)}", text) if len(current) == 1 else text


def _bare_named(text: str, known: Known) -> str:
    """ "In everyday": an account by its name without the word for what it is."""
    for account in known.accounts:
        name, _, kind = parts.plain(account.name).rpartition(" ")
        if kind == "account" and name.isalpha():
            bare = re.compile(
                rf"\b(?P<lead>in|from|on|into|out of) (?:(?:my|the) )?{name}(?=\s*(?:$|[?.!,;]|and\b|or\b|then\b|now\b))"
            )
            text = bare.sub(rf"\g<lead> my {parts.plain(account.name)}", text)
    return text


_WE_SHARE = re.compile(
    r"\b(?:the|our|that) (?:account|one) (?:that |which )?(?:[a-z]+ and i|(?:i|me) and [a-z]+|we|i)(?: both)? (?:share|(?:have|hold|own|use) (?:together|jointly)|(?:jointly|both) (?:have|hold|own))"
    r"(?: with [a-z]+)?(?: for (?:the |our )?[a-z]+)?\b|\b(?:the|our) shared (?:account|one)\b"
)


def of_their_own(text: str, whole: Found, known: Known) -> bool:
    """Whether what somebody holds by themselves is asked about, with whom only some other account is shared."""
    names = _other_holders(known)
    who = any(_is_other_holder(w.removesuffix("'s"), names) for w in parts.WORD.findall(text)) if names else False
    said = whole.spans.account
    named = parts.accounts_named(said, known.accounts) if said and "own" not in said.split() else []
    return who and _THEIR_OWN.search(text) is not None and not any(a in _shared(known) for a in named)


_THEIR_OWN = re.compile(
    r"\b(?:his|her|their)(?: own)? (?:[a-z]+ ){0,2}(?:accounts?|cards?|savings|isa|balance|pot|pay|salary|wages|(?:savings|rainy day|money) (?:thing|stash|fund|pile))\b|\b(?:own|personal|private) (?:accounts?|cards?|savings)\b"
    r"|\b(?:get|gets|got|getting|been|is) paid\b|\bearns?\b"
)


def unseen(text: str, known: Known, *, after_theirs: bool = False) -> bool:
    """Whether an account is asked about that the login was not let see: by a number that none of theirs has, as one of somebody
    whose other accounts they see, or as one that somebody else has.

    after_theirs: whether the question before was what somebody else's account holds.
    """
    if any(not _has_number(said, known) for said in _BY_NUMBER.finditer(text)):
        return True
    if not known.others:
        return _ANOTHER_HAS.search(text) is not None
    one_more = _ONE_MORE.fullmatch(text) if after_theirs else None
    if one_more is None and (_WHATS_THERE.search(text) is None or not (_OF_SOMEBODY.search(text) or _IN_THE.search(text))):
        return False
    seen = {w for a in known.accounts for w in (*parts.words_of(parts.plain(a.name)), *parts.holders_of(a))}
    known_words = seen | _PLAIN | parts.KIN
    if one_more is not None:
        return one_more["name"] not in known_words
    if any((said["for"] or said["whom"] or said["by"]) not in known_words for said in _PUT_BY.finditer(text)):
        return True
    return any(said["name"] in known.tokens and said["name"] not in known_words for said in _UNSEEN.finditer(text))


def _has_number(said: re.Match[str], known: Known) -> bool:
    """Whether an account of theirs has that number; cards of an account are known by what tells of cards. A file that says no
    number of an account has that of whoever holds it, and so has the account's id."""
    numbers = [f"{a.identification} {a.id}" for a in known.accounts if said["what"] == "account" or a.kind is AccountKind.CARD]
    return not numbers or any(said["number"] in number for number in numbers)


_BY_NUMBER = re.compile(
    # "Card 2026" is of that year, "card number 2026" is not.
    r"(?<!\bto )(?<!\bpay )(?<!\binto )\b(?P<what>card|account)s?(?P<plainly>(?: (?:number|no\.?|ending(?: in)?|with|the)){1,3})?"
    r" #?(?P<number>(?(plainly)\d{4,}|(?!(?:19|20)\d\d\b)\d{4,}))\b"
)
_KEPT = r"(?:account|savings|pot|isa|jar|fund|money)"
_UNSEEN = re.compile(rf"\b(?P<name>[a-z]+)(?:'s|s')? {_KEPT}\b")
_PUT_BY = re.compile(
    rf"\b(?:one|{_KEPT}) (?:that )?(?:she|he|(?:my )?mum|(?:my )?dad) (?:keeps|has|saves|holds) for (?:the )?(?P<for>[a-z]+)\b"
    rf"|\b(?:she|he|(?:my )?mum|(?:my )?dad) (?:keeps|has|saves|holds)(?: up)? (?:an?|the|another) (?:[a-z]+ )?{_KEPT} for (?:the |her |his )?(?P<whom>[a-z]+)\b"
    r"|\b(?:put by|put aside|set aside|saved|tucked away|stashed)(?: up)? for (?:the )?(?P<by>[a-z]+)\b"
)
_IN_THE = re.compile(
    rf"\b(?:what's|whats|what is|how much(?: money)? is|balance) (?:there )?(?:in|of|on) (?:the |that )?[a-z]+(?:'s|s')? {_KEPT}\b"
)
# "My nephew has an account with you, what is in it".
_ANOTHER_HAS = re.compile(
    rf"^(?!.*\b(?:i|we)(?:'ve| have)? (?:put|paid|pay|sent|send|given?|gave)\b)(?:.*\b(?:{'|'.join(sorted(parts.KIN))})s?(?: [a-z]+)?|(?!(?:who|which|that|it|this|everyone|everybody)\b)[a-z]+) (?:has|have|keeps?|holds?|'s got)(?: got)?"
    rf" (?:an?|her|his|their|some)? ?(?:[a-z]+ ){{0,2}}{_KEPT}s?(?: of (?:her|his|their) own)? (?:with (?:you|yous|this bank)|here)\b"
    r".*\b(?:how(?:'s| is) (?:it|that)|what(?:'s| is| does)|how much|balance)\b"
)
# After what one of somebody's accounts holds: "and in the other children's one".
_ONE_MORE = re.compile(
    rf"(?:(?:and|so|ok|what about|how about)\b,? )*(?:(?:what(?:'s| is)|how much is) )?(?:(?:in|on|of) )?(?:the|her|his) (?P<name>[a-z]+?)(?:'s|s')? (?:ones?|{_KEPT}s?)(?: then| too| as well| please)*[ ?.!]*"
)
_OF_SOMEBODY = re.compile(rf"\b(?:she|he|hers?|his|{'|'.join(sorted(parts.KIN))})(?:'s)?\b")
_WHATS_THERE = re.compile(
    r"\b(?:what's|whats|what is|what (?:has|does|have) (?:she|he|they|i|mum|dad)|how much|balance|how is|same)\b(?!.*\b(?:pays?|paid|sent|sends?|gives?|gave|moves?|moved|puts?(?! (?:by|aside|away)))\b)"
)
_PLAIN = {
    "the", "that", "this", "my", "our", "her", "his", "hers", "an", "a", "bank", "current", "everyday", "main", "own", "joint",
    "savings", "saving", "personal", "which", "what", "one", "each", "every", "all", "both", "other", "cash", "of", "in", "for",
    "from", "on", "any", "and", "to", "day", "s",
}  # fmt: skip


def tool_of(whole: Found, text: str, label: str, known: Known) -> Tool | None:
    """The tool that a message about accounts or cards is surely for, whatever the head makes of it; None where it is not plain."""
    said = whole.spans
    if label not in COUNTED and any(is_number(name, known) for name in said.merchants):
        # A cheque that was written, by its number: no page knows of it.
        return Tool.FIND
    if said.merchants or said.category or whole.each:
        return None
    if label in _WHAT_IS_DUE and (_SET_UP.search(text) or _STANDING.search(text)) and _is_ahead(said, known):
        return Tool.UPCOMING
    if label in _WHAT_IS_DUE and not said.periods and _APART.search(text) and _YET_TO_GO.search(text):
        return Tool.UPCOMING
    if _MY_CARD.search(text) and _CARD_STATE.search(text):
        return Tool.CARDS
    if _OF_OVERDRAFT.search(text) and _OF_TERMS.search(text) is None and not said.periods:
        return Tool.PRODUCT
    if TILL_REFUSED.search(text) and all(p in parts.DAYLESS for p in said.periods) and _COSTS.search(text) is None:
        return Tool.BALANCE
    if _NOT_THROUGH.search(text) and label not in (Tool.PENDING, Tool.REFUND_STATUS):
        return Tool.PENDING
    if _TO_MY_NAME.search(text) and not said.periods:
        return Tool.POSITION
    if not said.account or said.account.startswith(("into ", "to ")):
        return None
    if _THE_OVERDRAFT.match(text) and not said.periods and _OF_TERMS.search(text) is None:
        return Tool.PRODUCT
    if label == Tool.ARTICLE and re.fullmatch(r"xaccount[ ?.!]*", whole.masked):
        return Tool.BALANCE
    if said.periods and re.search(rf"\b{_GREW}\b|\bxaccount {_SHIFTED}", whole.masked) and _ended(said, known, today_too=True):
        return Tool.EXPLAIN
    if _INTEREST.search(whole.masked) and len(said.periods) == 1 and _ended(said, known, today_too=True):
        return Tool.INCOME
    words = set(re.findall(r"[a-z']+", _FOR_NEXT.sub("", whole.masked))) - set(parts.PLACEHOLDERS.values())
    now = all(p in parts.DAYLESS for p in said.periods)
    if now and "total" in words and words <= _THERE | _ITS_TOTAL and not said.account.startswith("from "):
        return Tool.BALANCE
    if (
        (words & _STANDS or said.account.startswith("in "))
        and words <= _THERE | _STANDS
        and (now or (_ended(said, known) and len(said.periods) == 1))
    ):
        return Tool.BALANCE
    return None


# What the money is kept for.
_FOR_NEXT = re.compile(r"\bfor (?:(?:the|my|our) )?next (?:one|bill|payment|time)\b")
_THERE = {
    "what", "what's", "whats", "was", "were", "is", "did", "had", "have", "how", "much", "many", "money", "there", "the", "and", "so", "sure", "tell",
    "me", "of", "in", "on", "at", "my", "i", "we", "it", "to", "then", "right", "please", "also", "euros", "exactly", "got",
}  # fmt: skip
_ITS_TOTAL = {"total", "plz", "pls"}
_STANDS = {
    "held",
    "hold",
    "holding",
    "stood",
    "stand",
    "standing",
    "balance",
    "left",
    "sitting",
    "staying",
    "waiting",
    "waits",
    "sits",
    "contain",
    "contained",
    "worth",
    "with",
}
_OF_OVERDRAFT = re.compile(
    r"\b(?:what|which|how (?:much|big|large)|any|do (?:i|we)|have (?:i|we))\b[^.?!]*\b(?:arranged |agreed )?overdrafts?(?: limits?| facility| facilities)?\b"
    r"[^.?!]*\b(?:apply|applies|have|got|mine|agreed|set|in place)\b(?! for)"
    r"|\bhow much (?:further |more )?(?:can|may|could) (?:i|we) go (?:in ?to|over)\b"
    r"|\bhow (?:far|low|deep)\b(?=[^.?!]*\b(?:allowed|able|let)\b)[^.?!]*\b(?:down|below|under|into|minus|overdrawn|red|go(?! back))\b"
)
_I_HAVE = r"\b(?:how (?:much|far)|what(?= (?:have|do|can|could) (?:i|we)\b))\b[^.?!;]*\b(?:i|we|me|us|there|left|go out)\b"
_NO_MORE = r"\b(?:till|until|before|without)\b[^.?!;]*\b(?:bounc\w*|refus\w*|declin\w*|reject\w*|(?:say|says|said|saying) no|turn(?:ed)? (?:me |us |it )?down|(?:stop|block)(?:s|ped|ed)? me)\b"
_TO_USE = r"(?:spend|use|play with|get at|lay|left|free|available)"
# "I can spend how much", "the total we can spend".
_MUCH_I_CAN = (
    r"\b(?:i|we) (?:can|could|may)\b[^.?!;]*\bhow much\b|\b(?:total|amount|sum|most|all)\b[^.?!;]*\b(?:i|we) (?:can|could|may)\b"
)
_OVERDRAFT_IN = (
    r"\b(?:with|including|incl|counting|and|plus|using)\b\.? (?:the |my |our )?(?:arranged |agreed )?overdraft\b"
    r"|\boverdraft (?:included|counted|and all|on top|thrown in|as well|too)\b"
)
# How much may still go out, the overdraft counted in: "before you turn me down", "overdraft and all, what can I use".
TILL_REFUSED = re.compile(
    rf"(?!.*\b(?:did|spent|paid|was|were|had)\b){_I_HAVE}[^.?!;]*{_NO_MORE}"
    rf"|\boverdraft\b.*{_I_HAVE}[^.?!;]*\b{_TO_USE}\b"
    rf"|(?=.*(?:{_I_HAVE}|{_MUCH_I_CAN}))(?=.*\b{_TO_USE}\b).*(?:{_OVERDRAFT_IN})"
)
_COSTS = re.compile(r"\b(?:costs?|charge[sd]?|rates?|interest|fees?|raise|increase|extend|apply)\b")
_THE_OVERDRAFT = re.compile(
    r"(?:(?:and|so|ok)\b,? )*(?:what(?:'s| is| was)|what sort of|how (?:much|big|large|far)(?: is| of)?|is there|do (?:i|we) have|have (?:i|we)(?: got)?)(?: the| an| any| my| our)?"
    r"(?: arranged| agreed)? overdrafts?\b"
)
_OF_TERMS = re.compile(
    r"\b(?:cost|costs|charge|charged|rates?|interest|get|want|need|raise|increase|apply for|fees?|bigger|higher|extend|if|would|could)\b"
)
_STATES = r"(?:wrong|matter|blocked|frozen|locked|stopped|working|active|ok|okay)"
_CARD_STATE = re.compile(
    rf"\b(?:is|are|was|has|have)(?:n't)? (?:something|anything|it|they|my|the|this|that|there|both)\b[^.?!]*\b{_STATES}\b"
    r"|\bcards?\b[^.?!]*\b(?:not|isn't|aren't|stopped|won't|doesn't) (?:[a-z]+ )?work(?:ing)?\b[^.?!]*(?:\b(?:why|now|today)\b|\?)"
    rf"|\bwhy (?:is|are)(?:n't)? (?:my|the|both) [^.?!]*\bcards?\b[^.?!]*\b{_STATES}\b"
)
_MY_CARD = re.compile(r"\b(?:my|our|the) (?:[a-z]+ )?cards?\b|^cards? ")
_INTEREST = re.compile(r"\binterest\b(?! rates?\b)(?!.*\b(?:rate|charged?|overdraft|owe|pay)\b)")
_WHAT_IS_DUE = frozenset({Tool.UPCOMING, Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.SPARE, Tool.FIND, Tool.SUM})
# Of what is to come, that which the customer set up.
_TO_MY_NAME = re.compile(r"\bhow much\b[^.?!]*\bto my name\b|\bwhat am i worth\b")
_NOT_THROUGH = re.compile(
    r"\b(?:hasn't|has not|haven't|have not|isn't|not) (?:[a-z]+ )?(?:gone|went|come) (?:through|out|off)(?: properly| fully)?(?: yet)?\b"
)
_NO_DEBITS = r"\b(?:not|without|excluding|ignoring|leaving out|apart from|other than|besides|isn't|aren't|no)(?: counting| including| by)? (?:the |any |my |a )?(?:direct debits?|dds?)\b"
_YET_TO_GO = re.compile(
    r"\b(?:set up|arranged|planned|scheduled|booked|lined up|queued|coming|upcoming|due|ahead|still to (?:go|leave|come)|next|ready to go)\b"
)
_SET_UP = re.compile(
    rf"\b(?:set up|arranged|planned|scheduled|booked|lined up|queued up)\b|\bstanding orders?\b.*\b(?:and|or|plus)\b|{_NO_DEBITS}"
)


def due_of(tool: Tool, text: str) -> str:
    """Which of what is due is asked about: what was set up, in which way, and whether it goes to other people; "" for all of it."""
    ahead, others = tool is Tool.UPCOMING, _TO_OTHERS.search(text)
    single = ahead and _SINGLE.search(text)
    orders = ahead and not single and _STANDING.search(text) and not _OR_ELSE.search(text)
    planned = ahead and not (single or orders) and _ONLY_SET_UP.search(text)
    return " ".join(w for w, said in ((PLANNED, planned), (ORDERS, orders), (SINGLE, single), (TO_OTHERS, others)) if said)


_TO_OTHERS = re.compile(
    r"\b(?:to|pay|paying) (?:other|another) (?:people|folk|folks|person|persons|ones)\b|\b(?:to|pay) (?:others|anybody else|anyone else|somebody else|someone else)\b"
)


def less_own(message: str) -> str:
    """What is due less what goes into accounts of the customer's own goes to others."""
    text = parts.plain(message)
    return _LESS_OWN.sub(" to other people", text) if _DUE.search(text) and _LESS_OWN.search(text) else message


_DUE = re.compile(
    r"\bstanding[ -]orders?\b|\b(?:due|leav(?:e|es|ing)|go(?:es|ing)? out|com(?:e|es|ing) out|planned|scheduled|upcoming)\b"
)
_LESS_OWN = re.compile(
    r",? (?:but )?(?:not|no|without|excluding|ignoring|leaving out|apart from|except(?: for)?|other than)\b(?: (?!my|our)[a-z]+){0,4} (?:my|our) own"
    r" (?:[a-z]+ )?(?:accounts?|savings|pots?|jars?|funds?|isas?)\b(?=\s*(?:$|[?.!,;]))"
)
PLANNED, ORDERS, SINGLE, TO_OTHERS = "planned", "orders", "single", "others"
# What goes out on one day and no other.
_SINGLE = re.compile(
    r"\b(?:one[ -]offs?|one[ -]time|single|individual) (?:payments?|transfers?|bills?|ones?)\b|\bone[ -]offs\b|\b(?:not|aren't|isn't|never) (?:a )?(?:regular|repeat\w*|recurring)\b"
)
_APART = re.compile(rf"{_SINGLE.pattern}|{_NO_DEBITS}")
_STANDING = re.compile(r"\bstanding[ -]orders?\b")
# More than standing orders is asked for.
_OR_ELSE = re.compile(
    r"\b(?:and|or|plus)\b[^.?!;]*\b(?:bills?|direct debits?|payments?|planned|scheduled|arranged|booked|set up)\b|\b(?:planned|scheduled|arranged|booked) payments?\b"
    r"|\b(?:direct debits?|bills?|everything|anything else)\b|\bpayments?\b[^.?!;]*\b(?:and|or|plus)\b[^.?!;]*\bstanding[ -]orders?\b"
)
# "What's set up to leave" may be anything; "not the direct debits" and "what I have arranged" is what the customer did.
_ONLY_SET_UP = re.compile(
    r"\b(?:i|we)(?:'ve| have)?(?: myself)?(?: got)? (?:arranged|planned|scheduled|set up|booked|lined up)\b|\bstanding orders?\b.*\b(?:and|or|plus)\b.*\b(?:planned|scheduled|arranged|booked)\b"
    rf"|{_NO_DEBITS}"
)


def _is_ahead(said: Spans, known: Known) -> bool:
    days = [words for words in said.periods if words not in parts.DAYLESS and words != "just now"]
    read = [periods.read(words, known.today) for words in days]
    return bool(read) and all(
        p is not None and periods.ahead(w, p, known.today).until >= known.today.date for w, p in zip(days, read, strict=True)
    )


def _ended(said: Spans, known: Known, *, today_too: bool = False) -> bool:
    """Whether all days that are said are over, or have at least begun."""
    read = [periods.read(words, known.today) for words in said.periods]
    if today_too:
        return all(p is not None and p.since is not None and p.since <= known.today.date for p in read)
    return all(p is not None and p.until < known.today.date for p in read)


def of_cards(text: str, said: Spans) -> tuple[str, Spans]:
    """What is asked of cards, and of which account's: "my euro card was refused. Do both my cards work?" is asked of all."""
    asks = [one for one in re.split(r"(?<=[.!?]) ", text) if _MY_CARDS.search(one)]
    if not asks or asks[-1] == text or said.account in asks[-1]:
        return text, said
    return asks[-1], said.model_copy(update={"account": ""})


_MY_CARDS = re.compile(r"\b(?:my|our|both|the) (?:[a-z]+ )?cards\b")


def taken_out(whole: Found, text: str, last: Step | None, known: Known) -> Step | None:
    """What was moved out of savings again: it came from there into another account of theirs."""
    said = whole.spans
    spoken_of = last.spans.account if last is not None and not (last.spans.merchants or last.spans.category) else ""
    held = parts.accounts_named(said.account or spoken_of, known.accounts) if said.account or spoken_of else []
    if (
        len(held) != 1
        or held[0].kind is not AccountKind.SAVINGS
        or held[0].id in known.others
        or not _TOOK_OUT.fullmatch(whole.masked)
    ):
        return None
    name, before = parts.plain(held[0].name), last.spans.periods if last is not None else ()
    if not any(parts.plain(p.shown) == name for p in known.payees):
        return None
    return Step(tool=Tool.INCOME, spans=Spans(merchants=(name,), periods=said.periods or before, change="taken out"))


_TOOK_OUT = re.compile(
    r"(?:(?:and|so|ok|then)\b,? )*(?:(?:what|how much)(?: money)?(?: have| did)? (?:i|we)(?:'ve| have)? |what(?:'s| was| has been)? |how much (?:was |has been |went )?)?(?:took|take|taken|moved|move|pulled|transferred|drew|draw|drawn|gone|went|came|come|withdrawn|withdrew)(?: (?:back )?out)(?: (?:of|from) (?:it|there|that|xaccount))?(?: again)?(?: xperiod)?[ ?.!]*"
)


def is_savings(account: str, known: Known) -> bool:
    return bool(account) and any(a.kind is AccountKind.SAVINGS for a in parts.accounts_named(account, known.accounts))


def moved_by_other(whole: Found, text: str, last: Step | None, known: Known) -> Step | None:
    """ "How much has he paid into it", of an account that is shared; "and him?" after what was paid by oneself."""
    names, shared = _other_holders(known), _shared(known)
    who = [w for w in parts.WORD.findall(text) if _is_other_holder(w.removesuffix("'s"), names)]
    said = whole.spans
    # "He" is whoever shares what is spoken of.
    if not names or not (who or re.search(r"\b(?:he|she|he's|she's|him|her)\b", text)):
        return None
    others = [m for m in said.merchants if not any(_is_other_holder(w, names) for w in parts.words_of(m))]
    into = said.account if said.account.startswith(("into ", "to ", "in ")) else ""
    current = [a for a in shared if a.kind is AccountKind.CURRENT]
    if _THEIR_SHARE.search(text) and not said.account and len(current) == 1:
        into = f"into {parts.plain(current[0].name)}"
    held = parts.accounts_named(into, known.accounts) if into else []
    plain_account = _WITHIN.search(whole.masked) is None
    if others or said.category or said.amount or len(held) != 1 or held[0] not in shared or not plain_account:
        return None
    if not _MOVED.search(text) or _MYSELF.search(_POLITE.sub("", text)):
        return None
    return Step(
        tool=Tool.INCOME, spans=Spans(periods=said.periods, account=f"into {LEAD_OF_ACCOUNT.sub('', into)}", change=BY_OTHER)
    )


_MOVED = re.compile(
    r"\b(?:put|puts|paid|pay|pays|sent|sen[dt]s?|moved?|moves|transferred|transfers?|add(?:ed|s)?|contribut\w+|chip(?:ped|s)? in|gone|went|come|came|chucked)\b"
)
_THEIR_SHARE = re.compile(r"\b(?:his|her) (?:own )?(?:half|share|part|bit|whack|contribution)\b")
_MYSELF = re.compile(r"\b(?:i|me|we|us)\b")
_WITHIN = re.compile(r"\b(?:biggest|largest|average|smallest|first|each month|a month|monthly)\b")
_POLITE = re.compile(
    r"\b(?:show|tell|give|let|remind) (?:me|us)\b|\bcan i (?:see|know|ask)\b|\bi(?:'d| would)? (?:like|want|need|wonder)\b"
)


def less_both(text: str, known: Known) -> str | None:
    """A message without its own account and the one that is shared, where it asks of each apart; None where it does not, or where
    there are more of either."""
    current = [a for a in known.accounts if a.kind is AccountKind.CURRENT and a.id not in known.others]
    both = _MINE_AND_OURS.search(text)
    if both is None or len(current) != 2 or len([a for a in current if a in _shared(known)]) != 1:
        return None
    if not (parts.SEPARATELY.search(text) or _HELD_APART.search(both.group()) or _HELD_APART.search(text[both.end() :])):
        return None
    rest = f"{text[: both.start()]}{text[both.end() :]}"
    return re.sub(r"^[ ,:]+|[ ,:]+(?=[,?.!]|$)", "", _HELD_APART.sub("", parts.SEPARATELY.sub("", rest)))


_OWN_ONE = r"(?:(?:my|the) )?(?:own account|own one|own)|my account|mine"
_JOINT_ONE = r"(?:(?:the|our) )?joint(?: account| one)?"
_MINE_AND_OURS = re.compile(
    rf",? ?\b(?:(?:from|on|in|out of|for) )?(?:(?:{_OWN_ONE}) (?:and|vs|v|versus|against) (?:(?:from|on|in|out of|for) )?(?:{_JOINT_ONE})"
    rf"|(?:{_JOINT_ONE}) (?:and|vs|v|versus|against) (?:(?:from|on|in|out of|for) )?(?:{_OWN_ONE}))\b"
)
_HELD_APART = re.compile(r"\b(?:vs?|versus|against|apart|each)\b")


def of_each(whole: Found, text: str, asked: Sequence[Asked], known: Known, *, lost: bool) -> tuple[Step, ...]:
    """ "Who puts more into the joint account, me or him": what either moved there; none where it is not asked of both."""
    if not (re.search(r"\bme\b|\bi\b", text) and re.search(r"\b(?:each|more|less|or|and|vs|against|both)\b", text)):
        return ()
    last = asked[-1].step if asked and not lost else None
    other = moved_by_other(whole, _MYSELF.sub("", text), last, known)
    mine = other.spans.model_copy(update={"change": ""}) if other is not None else None
    return (Step(tool=Tool.SUM, spans=mine), other) if mine is not None and other is not None else ()


INTO = re.compile(r"(?:to|into)\b")


def of_what_came_in(said: Spans, text: str, known: Known) -> Spans:
    """ "When did I last top it up", of savings: what was moved there, as nothing is paid from them."""
    named = said.merchants or said.category
    if named or not said.account or not TOPPED_UP.search(text.replace(said.account, "")) or not is_savings(said.account, known):
        return said
    return said.model_copy(update={"account": f"into {LEAD_OF_ACCOUNT.sub('', said.account)}"})


def into_that(text: str, account: str, known: Known) -> str:
    """What is asked of savings that were named before it: "and when I last added to it" is what was moved there."""
    if not is_savings(account, known) or not TOPPED_UP.search(text) or parts.find(text, known).spans.account:
        return text
    return f"{_IN_IT.sub('', text)} into {LEAD_OF_ACCOUNT.sub('', account)}"


_IN_IT = re.compile(r"(?: (?:in|into|to)(?: (?:it|there|that))?)?(?:,? (?:please|pls|plz))?[ ?.!]*$")
TOPPED_UP = re.compile(
    r"\btop(?:ped|ping)?(?: (?:it|that|xaccount))? ?-?up\b|\btop-?ups?\b|\bdeposit(?:s|ed)?\b|\badd(?:ed)?\b|\b(?:pay|paid|put|move|moved|went|go|sent) (?:(?:any|some|more) )?(?:money |cash |anything |something )?in(?:to)?\b"
    r"|\b(?:payments?|money|transfers?) in(?:to)?(?=\s*(?:$|[?.!,]|(?:it|there|xaccount)\b))"
)
