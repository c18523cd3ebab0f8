"""From the customer's words to what a tool can run: dates, payees, categories, accounts and bounds.

Code interprets every span, whoever proposed it. What cannot be understood is asked about, never left out.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from assistant import headings, months, namesakes, periods
from assistant.held import BY_OTHER
from assistant.merchants import TELL_NOBODY, How, Match, match
from assistant.periods import Period
from assistant.places import is_place
from assistant.plan import ABOUT_PAYMENTS, CAME_IN, DAYS_AHEAD, FROM_OTHERS, Step, Tool
from assistant.spans import BESIDE, KIN, OUTSIDE, Known, accounts_named, family_of, find, is_person, plain, says_account, words_of
from data.banking import Account, AccountKind, Kind
from data.ledger import Payee
from data.money import Money
from data.party import Frozen
from data.queries import Group


class Query(Frozen):
    """A step with every span interpreted. Bounds are in minor units of the accounts' currency."""

    step: Step
    tool: Tool
    periods: tuple[Period, ...] = ()
    matches: tuple[Match, ...] = ()
    whole: tuple[Match, ...] = ()
    categories: tuple[str, ...] = ()
    category_groups: tuple[tuple[str, ...], ...] = ()
    accounts: tuple[Account, ...]
    named_account: bool = False
    least: Money | None = None
    most: Money | None = None
    number: int | None = None
    group: Group | None = None
    rows_wanted: bool = False
    kinds: tuple[Kind, ...] | None = None
    without: tuple[Match, ...] = ()
    without_categories: tuple[str, ...] = ()

    @property
    def payees(self) -> tuple[int, ...] | None:
        """Descriptor ids over all names; None when no name was said."""
        return tuple(dict.fromkeys(i for m in self.matches for i in m.ids)) if self.matches else None


class Unclear(Frozen):
    """Something has to be asked. key: a message of the catalogue; said: the words that are not understood."""

    key: str
    said: str = ""
    choices: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()


class Alike(Frozen):
    """What the index and the merchant codes know of a description: templates that mean it, and codes of its kind."""

    templates: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()


# What these say of several periods they say of all of them together; a sum is told for each as well, and a comparison is of two.
_OF_ONE_STRETCH = (ABOUT_PAYMENTS - {Tool.SUM, Tool.COMPARE}) | {Tool.SALARY}
# The tools whose names are of mandates or subscriptions, so a name that no payment has is still worth looking for.
NAMES_ELSEWHERE = DAYS_AHEAD | {Tool.STANDING_ORDERS, Tool.DIRECT_DEBITS, Tool.BENEFICIARIES, Tool.SUBSCRIPTIONS, Tool.SALARY}
Meaning = Callable[[str], Awaitable[Alike]]

# Elsewhere the main account; asked about itself, a debit card may be that of any account.
_ANY_CARD = re.compile(r"\b(?:debit|credit|bank|own) cards?\b")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_CURRENCY_WORDS = (("euros?|eur", "EUR"), ("dollars?|usd", "USD"), ("pounds?|quid|gbp", "GBP"))
_OVER = re.compile(
    r"\b(?:over|above|(?<!no )more than|at least|bigger than|larger than|exceeding|no less than|(?:or|and) more)\b"
)
_UNDER = re.compile(r"\b(?:under|below|less than|at most|up to|no more than|smaller than|(?:or|and) less)\b")
_ABOUT = re.compile(
    r"\b(?:around|about|roughly|approximately|approx|some|circa|(?P<short>nearly|almost|close to|just under)|(?P<more>just over))\b"
)
_STRICT_OVER = re.compile(r"(?<!or )(?<!and )\b(?:over|above|(?<!no )more than|bigger than|larger than|exceeding)\b")
_STRICT_UNDER = re.compile(r"(?<!or )(?<!and )\b(?:under|below|less than|smaller than)\b")
_GROUPS: tuple[tuple[str, Group], ...] = (
    ("categor", Group.CATEGORY), ("type", Group.CATEGORY), ("kind", Group.CATEGORY), ("area", Group.CATEGORY), ("spend it on", Group.CATEGORY),
    ("month", Group.MONTH), ("account", Group.ACCOUNT), ("day", Group.DAY), ("merchant", Group.MERCHANT), ("shop", Group.MERCHANT),
    ("store", Group.MERCHANT), ("place", Group.MERCHANT), ("retailer", Group.MERCHANT), ("payee", Group.MERCHANT), ("compan", Group.MERCHANT),
    ("who", Group.MERCHANT), ("where", Group.MERCHANT), ("restaurant", Group.MERCHANT),
    ("garage", Group.MERCHANT), ("station", Group.MERCHANT), ("supermarket", Group.MERCHANT), ("pub", Group.MERCHANT), ("cafe", Group.MERCHANT),
    ("club", Group.MERCHANT), ("seller", Group.MERCHANT), ("firm", Group.MERCHANT), ("person", Group.MERCHANT),
)  # fmt: skip
_ROWS = ("payment", "purchase", "transaction", "expense", "outgoing", "spend", "thing")


async def resolve(step: Step, known: Known, meaning: Meaning, written: str = "") -> Query | Unclear:
    """Interpret a step against what one login may see.

    meaning: looks a description up; it may find nothing. written: the message as it was typed.
    """
    if (moved := _moved_in(step, known)) is not step:
        read = await resolve(moved, known, meaning, written)
        # What goes on with it is about the account again.
        return read.model_copy(update={"step": step}) if isinstance(read, Query) else read
    step = _of_its_cafe(step)
    spans = step.spans
    found = _days(step, known)
    if isinstance(found, Unclear):
        return found
    any_card = step.tool is Tool.CARDS and _ANY_CARD.search(spans.account) is not None
    # "How much could I move into savings": what is asked about is where it would come from.
    goal = step.tool in (Tool.SPARE, Tool.AFFORD) and spans.account.startswith(("to ", "into "))
    # What is not from one's own accounts is told by looking at those too.
    all_own = any_card or goal or spans.change == BY_OTHER
    accounts, named = _accounts("" if all_own else spans.account, known, every=step.tool in (Tool.ACCOUNTS, Tool.CARDS))
    if not accounts:
        return Unclear(key="which_account", said=spans.account, choices=tuple(a.name for a in known.accounts))
    gone = {name: accounts_named(name, known.accounts) if says_account(name, known.accounts) else [] for name in spans.without}
    if left := {a.id for some in gone.values() for a in some}:
        # "Without the joint account": what is left is named in the answer.
        accounts, named = tuple(a for a in accounts if a.id not in left), True
        if not accounts:
            return Unclear(key="which_account", said=" ".join(spans.without), choices=tuple(a.name for a in known.accounts))
    categories = read_category(spans.category, known) if spans.category else ()
    groups = [categories] if categories else []
    merchants = [*spans.merchants] if categories or not spans.category else [*spans.merchants, spans.category]
    matches = [await _match(name, step, known, meaning) for name in merchants]
    for name, found_match in zip(merchants, list(matches), strict=True):
        may_be_kind = found_match.how in (How.NONE, How.MEANING) or name in {one.casefold() for one in known.headings}
        other = read_category(name, known) if may_be_kind else ()
        if other:
            matches.remove(found_match)
            groups.append(other)
            categories = tuple(dict.fromkeys(categories + other))
    matches = [_in_accounts(m, accounts, known) for m in matches]
    groups = _each_once(groups)
    matches, step = _meant_by_names(matches, step, known, written)
    if step.tool not in NAMES_ELSEWHERE and (
        strange := next((m for m in matches if not m.payees and _means_nothing(m.said, known, written)), None)
    ):
        return _asked_about(strange.said, step, known)
    least, most = _bounds_of(step, accounts[0].currency)
    matches, step = _told_apart(matches, step, written, known)
    several = next((m for m in matches if namesakes.are(m)), None)
    if several is not None and not step.only:
        names = tuple(dict.fromkeys(several.names))
        chosen = tuple(
            step.model_copy(update={"only": tuple(p.template for p in several.payees if p.shown == name)}) for name in names
        )
        return Unclear(key="which_merchant", said=several.said, choices=names, steps=chosen)
    if step.tool is Tool.SUM and not (found or matches or groups or least or most or named):
        return Unclear(key="which_period", choices=("this month", "last month", "in all"))
    group, rows = read_group(spans.group)
    apart = [(name, read_category(name, known)) for name, some in gone.items() if not some]
    anybody = step.model_copy(update={"only": (), "excluding": ()})
    # "Without the hotel": by its kind, where nobody is called so.
    left_out = [await _match(name, anybody, known, meaning) for name, category in apart if not category]
    if unknown := next((m.said for m in left_out if not m.payees), None):
        return Unclear(key="unknown", said=unknown)
    return Query(
        step=step,
        tool=step.tool,
        periods=tuple(found),
        matches=tuple(matches),
        categories=categories,
        category_groups=tuple(groups),
        accounts=tuple(accounts),
        named_account=named,
        least=least,
        most=most,
        number=read_number(spans.number),
        group=group,
        rows_wanted=rows,
        kinds=(Kind.PURCHASE,) if spans.bought or _shops(step) else None,
        without=tuple(left_out),
        whole=await _whole_of(anybody, known, meaning),
        without_categories=tuple(c for _, category in apart for c in category),
    )


async def _whole_of(step: Step, known: Known, meaning: Meaning) -> tuple[Match, ...]:
    """The place that a share is of, where it is of one."""
    place = step.spans.change if step.tool is Tool.SHARE else ""
    return (await _match(place, step, known, meaning),) if place and not says_account(place, known.accounts) else ()


def _of_its_cafe(step: Step) -> Step:
    """ "The cafe at Hill's, not the shop": what is theirs and of that kind."""
    said = step.spans
    if not (said.merchants and said.category and _SHOP.intersection(said.without)):
        return step
    left = tuple(name for name in said.without if name not in _SHOP)
    return step.model_copy(update={"spans": said.model_copy(update={"without": left})})


_SHOP = frozenset(["shop", "store", "the shop", "the store"])
# What is asked of the payments into an account one by one, or of several periods of them.
_ONE_BY_ONE = frozenset(
    {Tool.COUNT, Tool.LARGEST, Tool.SMALLEST, Tool.FIRST, Tool.LAST, Tool.FIND, Tool.AVERAGE, Tool.BREAKDOWN, Tool.COMPARE}
)


def _moved_in(step: Step, known: Known) -> Step:
    """ "The biggest I ever moved into the jar": a payment from another account of theirs, which names the jar. What it came to in one
    stretch of days is told by what came in there."""
    said = step.spans
    into = said.account.startswith(("into ", "to ")) and not (said.merchants or said.category or said.without)
    held = accounts_named(said.account, known.accounts) if into else []
    if step.tool is Tool.STANDING_ORDERS and held:
        # It goes to that account, from another one.
        names = tuple(plain(account.name) for account in held)
        return step.model_copy(update={"spans": said.model_copy(update={"account": "", "merchants": names})})
    summed = step.tool is Tool.SUM and bool(held) and (len(said.periods) > 1 or held[0].kind is not AccountKind.SAVINGS)
    if len(held) != 1 or not (step.tool in _ONE_BY_ONE or summed):
        return step
    name = plain(held[0].name)
    if not any(plain(payee.shown) == name for payee in known.payees):
        return step
    return step.model_copy(update={"spans": said.model_copy(update={"account": "", "merchants": (name,)})})


def _days(step: Step, known: Known) -> list[Period] | Unclear:
    """The periods that a step names, as its tool takes them."""
    found: list[Period] = []
    for words in step.spans.periods:
        if step.tool in ABOUT_PAYMENTS and (two := months.either(words, known.today)):
            choices = tuple(tuple(one if said == words else said for said in step.spans.periods) for one in two)
            return Unclear(key="day_or_month", said=words, choices=two, steps=tuple(_in(step, *one) for one in choices))
        period = periods.read(words, known.today)
        if period is not None and step.tool in DAYS_AHEAD:
            period = periods.ahead(words, period, known.today)
        if period is None:
            return Unclear(key="no_payday" if "pay" in words else "no_such_period", said=words)
        found.append(period)
    if step.tool not in (Tool.COMPARE, Tool.EXPLAIN):
        found = _innermost(found)
    if step.tool is Tool.BALANCE and len(found) > 1:
        # What was there on one of the days is no answer for all of them.
        return Unclear(
            key="which_days", choices=step.spans.periods, steps=tuple(_in(step, words) for words in step.spans.periods)
        )
    if len(found) > 1 and step.tool in _OF_ONE_STRETCH | {Tool.SUM}:
        whole = periods.in_a_row(found)
        if whole is None and (step.tool is not Tool.SUM or _overlap(found)):
            # Some days twice, or only those of the first: neither is what was asked.
            return Unclear(
                key="which_days", choices=step.spans.periods, steps=tuple(_in(step, words) for words in step.spans.periods)
            )
        found = [whole] if whole is not None and step.tool is not Tool.SUM else found
    return found


def _in(step: Step, *words: str) -> Step:
    return step.model_copy(update={"spans": step.spans.model_copy(update={"periods": words})})


def _overlap(found: Sequence[Period]) -> bool:
    ordered = sorted(found, key=lambda p: (p.since or dt.date.min, p.until))
    return any(two.since is None or two.since <= one.until for one, two in itertools.pairwise(ordered))


def _shops(step: Step) -> bool:
    """Whether shops are to be told apart: what was bought by card, and neither a landlord nor the council."""
    return step.tool in (Tool.DISTINCT, Tool.TOP) and _SHOPS.search(step.spans.group) is not None


_SHOPS = re.compile(r"\b(?:shop|store|retailer|place|restaurant)")


def _once(matches: list[Match], text: str) -> list[Match]:
    """The names without those that mean payees of another one: "Pemberton, the dinners one" is one person, and counts once. Who is
    called by name is meant before a kind that they are of: "Mr Dunmore for the garden" is no garden centre."""
    kept: list[Match] = []
    called = [m for m in matches if m.how in (How.EXACT, How.PART)]
    matches = [m for m in matches if m.how is not How.MEANING or not any(_is_for(one, m, text) for one in called)]
    for one in sorted(matches, key=lambda m: len(m.ids), reverse=True):
        if not one.ids or not any(set(one.ids) <= set(other.ids) for other in kept):
            kept.append(one)
    return [m for m in matches if m in kept]


def _is_for(one: Match, kind: Match, text: str) -> bool:
    """Whether a kind says what somebody who is called by name is, or is paid for: no word puts the one beside the other."""
    if not one.ids or not set(one.ids) < set(kind.ids):
        return False
    (first, end), (second, _) = sorted((text.find(m.said), text.find(m.said) + len(m.said)) for m in (one, kind))
    return first >= 0 and _BESIDE_EACH_OTHER.search(text[end:second]) is None


_BESIDE_EACH_OTHER = re.compile(r"\b(?:and|or|plus|vs|versus|against|than|then|also|with)\b|[&/]")


def _each_once(groups: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Kinds of spending without those inside another one: "restaurants and eating out" are one kind, and count once."""
    distinct = list(dict.fromkeys(groups))
    return [one for one in distinct if not any(set(one) < set(other) for other in distinct)]


def _meant_by_names(matches: list[Match], step: Step, known: Known, written: str) -> tuple[list[Match], Step]:
    """Whom the names of a step mean, and the step without those that mean nobody, or say of another what it is paid for: what goes
    on with this question goes on with whom it was about."""
    once = _once(matches, plain(written))
    left, passed = _without_ordinary(once, step, known)
    gone = {m.said for m in matches if m not in once} | {*passed}
    if not gone:
        return left, step
    told = step.spans.model_copy(update={"merchants": tuple(n for n in step.spans.merchants if n not in gone)})
    return left, step.model_copy(update={"spans": told, "unread": (*step.unread, *passed)})


def _without_ordinary(matches: list[Match], step: Step, known: Known) -> tuple[list[Match], tuple[str, ...]]:
    """The names without ordinary words that mean nobody, where somebody else is named; and these words.

    "What did he give me back for the pizzas" is about him. A comparison needs both of its sides.
    """
    if step.tool is Tool.COMPARE or not any(m.payees for m in matches):
        return matches, ()
    # A figure that was said narrows something: nobody passes over it.
    gone = [
        m
        for m in matches
        if not m.payees and all(known.is_word(w) for w in words_of(m.said)) and not any(c.isdigit() for c in m.said)
    ]
    return [m for m in matches if m not in gone], tuple(m.said for m in gone)


def _means_nothing(said: str, known: Known, written: str) -> bool:
    """Whether ordinary words are like nobody the customer pays and no kind of shop: a part of the sentence, it seems. A word that
    they wrote as a name is one.

    "I found no payment to anybody like “midnight”" would be an answer to another question.
    """
    if find(written, known).whom == plain(said):
        return False
    words = words_of(said) - TELL_NOBODY - KIN
    if not written.isupper() and words & {w.casefold() for w in _CAPITAL.findall(written)}:
        return False
    if is_place(plain(said)) or re.search(rf"\b(?:paid|pay|pays|paying) (?:the )?{re.escape(said)}\b", plain(written)):
        # Whom one pays is somebody, and where one was is somewhere.
        return False
    return known.vocabulary.ordinary(words) and _seller(said, known) is None and not known.vocabulary.is_shop(said)


# Within a sentence, not where it begins.
_CAPITAL = re.compile(r"(?<=[A-Za-z,;] )[A-Z][A-Za-z]+")


def _asked_about(said: str, step: Step, known: Known) -> Unclear:
    """Asks whom some words mean. One of the customer's own people is likely to be of their name, as their accounts have it."""
    family = family_of(known.payees, known) if words_of(said) & KIN else ()
    names = tuple(dict.fromkeys(p.shown for p in family))
    chosen = tuple(_about(step, said, tuple(p.template for p in family if p.shown == name)) for name in names)
    return Unclear(key="nobody_near" if names else "nobody", said=said, choices=names, steps=chosen)


def _about(step: Step, said: str, only: tuple[str, ...]) -> Step:
    return step.model_copy(update={"only": only, "spans": step.spans.model_copy(update={"merchants": (said,)})})


def _innermost(found: list[Period]) -> list[Period]:
    """ "This year, January to October" is one period: the one inside the other; the same days said twice are one too. "The winter,
    from October to March" is what the dates say."""
    dated = [p for p in found if not p.loose and p.since is not None]
    found = [p for p in found if not (p.loose and any(_overlap((p, q)) for q in dated))]
    days = {(p.since, p.until): p for p in reversed(found)}
    once = [p for p in found if days[p.since, p.until] is p]
    return [
        p
        for p in once
        if not any(q is not p and q.since and (not p.since or p.since <= q.since) and q.until <= p.until for q in once)
    ]


def _told_apart(matches: list[Match], step: Step, written: str, known: Known) -> tuple[list[Match], Step]:
    """The names, of several people called so the one whom the message tells from the others. What goes on with a question about
    one of them goes on with that one."""
    told = [namesakes.told_apart(m, step, written, known) for m in matches]
    if len(told) == 1 and told[0] is not matches[0]:
        step = step.model_copy(update={"only": tuple(dict.fromkeys(p.template for p in told[0].payees))})
    return told, step


def _in_accounts(found: Match, accounts: Sequence[Account], known: Known) -> Match:
    """A match with those of its payees that are in the accounts asked about, where somebody else's are seen too."""
    ids = {a.id for a in accounts}
    inside = tuple(p for p in found.payees if p.account in ids)
    return found.model_copy(update={"payees": inside}) if known.others and inside else found


def _accounts(said: str, known: Known, *, every: bool) -> tuple[Sequence[Account], bool]:
    """every: which accounts there are is asked, whoever they belong to."""
    if not said and every:
        return known.accounts, False
    if not said:
        # What is somebody else's is asked about by name; who holds nothing means what they were let see.
        return [a for a in known.accounts if a.id not in known.others] or known.accounts, False
    return accounts_named(said, known.accounts), True


async def _match(name: str, step: Step, known: Known, meaning: Meaning) -> Match:
    """Whom a name means; "the electricity bill" is whom the electricity is paid to, where nobody is called that."""
    found = await _meant(name, step, known, meaning)
    if not found.payees and (deed := _DEED.match(plain(name))):
        # "The man who sweeps the chimney": whose name has the chimney.
        done = await _meant(deed["what"], step, known, meaning)
        found = done.model_copy(update={"said": name, "how": How.MEANING}) if done.payees else found
    if not found.payees and (backed := _backed_off(name, step, known)):
        return backed
    if not found.payees and (kin := _KIN_LEAD.match(name)):
        # "My brother Tom" is who is called so of the customer's own name.
        called = match(name[kin.end() :], known.payees, step.excluding, known.vocabulary.english).payees
        if len({p.shown for p in family_of(called, known)}) == 1:
            return Match(said=name, how=How.PART, payees=family_of(called, known))
    seller, _, bought = name.rpartition(" ")
    if found.payees or not seller or bought not in BESIDE:
        return found
    without = await _match(seller, step, known, meaning)
    return without.model_copy(update={"said": name}) if without.payees else found


def _backed_off(name: str, step: Step, known: Known) -> Match | None:
    """Whom a name means that says more of them in ordinary words: "Mr Dunmore the gardener", "Sinclair, for the lifts".

    As few words as can be are passed over. The answer names whom it took them to mean.
    """
    for cut in reversed([*_SAYS_MORE.finditer(name)]):
        plainly = all(
            w in known.vocabulary.english or w in known.words or w in known.vocabulary.trades for w in words_of(name[cut.end() :])
        )
        # What a person is paid for tells nobody else, whatever it is called.
        purpose = cut.group().strip(" ,") == "for" and is_person(name[: cut.start()], known)
        if plainly or purpose:
            found = match(name[: cut.start()], known.payees, step.excluding, known.vocabulary.english)
            if found.how in (How.EXACT, How.PART):
                return found.model_copy(update={"said": name, "how": How.MEANING, "near": ()})
    return None


_DEED = re.compile(r"(?:the|that) [a-z]+ (?:who|that|what) [a-z]+(?: (?:for|after|up|out))? (?:the |my |our )?(?P<what>[a-z ]+)")
_KIN_LEAD = re.compile(rf"(?:(?:my|our) )?(?:{'|'.join(sorted(KIN))}),? ", re.IGNORECASE)
_SAYS_MORE = re.compile(r",?\s+(?:(?:had|got|get|charged|taken) (?=for\b)|(?:for|the|our|my|who|which|at|in)\s+)")


async def _meant(name: str, step: Step, known: Known, meaning: Meaning) -> Match:
    if step.only:
        return Match(said=name, how=How.EXACT, payees=tuple(p for p in known.payees if p.template in step.only))
    found = match(name, known.payees, step.excluding, known.vocabulary.english)
    if (step.tool in FROM_OTHERS or step.spans.change == CAME_IN) and found.how is How.PART:
        # Whoever pays the customer is known by name: the council that pays wages is no council tax.
        return found
    kind = _seller(name, known)
    sellers = _sold_by(kind, known)
    if kind is not None and known.vocabulary.sellers is not None and kind in known.vocabulary.sellers.whole:
        payees = tuple(p for p in known.payees if p.template in sellers and p.template not in step.excluding)
        return Match(said=name, how=How.MEANING if payees else How.NONE, payees=payees)
    if sellers:
        codes = (await meaning(name)).codes
        called = found.ids if found.how is How.EXACT else ()
        meant = [p for p in known.payees if p.id in called or p.template in sellers or p.mcc in codes]
        return Match(said=name, how=How.MEANING, payees=tuple(p for p in meant if p.template not in step.excluding))
    words, trades = words_of(name), known.vocabulary.trades
    if found.how is How.SPELLING and all(known.is_word(w) for w in words):
        # An ordinary word is no slip of the pen: "books" are not BOOTS.
        found = Match(said=name, how=How.NONE)
    # "Severn Trent Water" names somebody: a description is made of ordinary words alone.
    if found.how in (How.EXACT, How.SPELLING) or not all(w in trades or known.is_word(w) for w in words):
        return found
    if found.payees and not words & trades:
        return found
    alike = await meaning(name)
    templates = set(alike.templates) if words & trades and words <= known.words | trades else set()
    written = {p.template for p in found.payees} | _by_stem(words, known)
    meant = [p for p in known.payees if p.template in templates | written or (p.mcc is not None and p.mcc in alike.codes)]
    # Whose name says it goes before who only is of the kind, and a person before another kind of shop: the gardener is no
    # garden centre.
    meant = [p for p in meant if p.template in written] or meant
    if alike.codes:
        meant = [p for p in meant if p.mcc is None or p.mcc in alike.codes] or meant
    payees = tuple(p for p in meant if p.template not in step.excluding)
    return Match(said=name, how=How.MEANING, payees=payees) if payees else found


def _seller(name: str, known: Known) -> str | None:
    """The kind of seller that a word says: "the electricity"."""
    sellers = known.vocabulary.sellers
    return sellers.said.get(_DETERMINER.sub("", plain(name))) if sellers else None


def _sold_by(kind: str | None, known: Known) -> frozenset[str]:
    """The templates of those who sell what a word says, where they are known for it."""
    sellers = known.vocabulary.sellers
    if sellers is None or kind is None:
        return frozenset()
    return frozenset(p.template for p in known.payees if sellers.of(p.text, p.mcc) == kind)


_DETERMINER = re.compile(r"^(?:(?:the|my|our|a)\s+)+")


def _by_stem(words: set[str], known: Known) -> set[str]:
    """Templates with a word of the same stem as a trade: "roofer" and ROOFING, "dentist" and DENTAL."""
    stems = [
        w.removesuffix(end)
        for w in words & known.vocabulary.trades
        for end in _TRADE
        if w.endswith(end) and len(w) - len(end) >= 4
    ]
    return {p.template for p in known.payees if any(t.startswith(s) for s in stems for t in words_of(p.template))}


_TRADE = ("er", "or", "ist", "ian")


def read_category(said: str, known: Known) -> tuple[str, ...]:
    """The categories that words mean: the bank's own label, a word for one of ours, or a label with all its words."""
    name = re.sub(r"^(?:the |my |our )?(?:category|categories)\s+", "", plain(said).strip("'\"“” "))
    labels = {c.casefold(): c for c in known.categories}
    if name in labels:
        return (labels[name],)
    meant = known.synonyms.get(name) or known.synonyms.get(name.removesuffix("s")) or ()
    held = tuple(c for c in meant if c in known.categories)
    if held:
        return held
    wanted = words_of(name)
    similar = tuple(c for c in known.categories if wanted and wanted <= words_of(c)) or headings.holding(
        headings.parts_of(name), known.headings
    )
    if similar:
        return similar
    by_word = tuple(c for c in known.categories if meant and any(words_of(m.replace("_", " ")) & words_of(c) for m in meant))
    return by_word or tuple(meant)


def _bounds_of(step: Step, currency: str) -> tuple[Money | None, Money | None]:
    if step.tool is Tool.AFFORD:
        # "About 200" is held against what is left as 200, and of "100 or 150" the more.
        asked = max(_amounts(step.spans.amount, currency), key=lambda m: m.minor, default=None)
        return asked, asked
    return read_bounds(step.spans.amount, currency) if step.spans.amount else (None, None)


def read_bounds(said: str, currency: str) -> tuple[Money | None, Money | None]:
    """The least and the most that words such as "over £50" or "between 10 and 20" allow, both included."""
    text = plain(said)
    if (outside := OUTSIDE.match(text)) is not None:
        # "Without anything above 30": what is not left out.
        least, most = read_bounds(text[outside.end() :], currency)
        one = Money(minor=1, currency=(least or most or Money.of(Decimal(0), currency)).currency)
        return (most + one if most is not None else None), (least - one if least is not None else None)
    amounts = _amounts(text, currency)
    if not amounts:
        return None, None
    one = Money(minor=1, currency=amounts[0].currency)
    if len(amounts) > 1:
        return min(amounts, key=lambda m: m.minor), max(amounts, key=lambda m: m.minor)
    about = _ABOUT.search(text)
    if about is None and _OVER.search(text):
        return amounts[0] + one if _STRICT_OVER.search(text) else amounts[0], None
    if about is None and _UNDER.search(text):
        return None, amounts[0] - one if _STRICT_UNDER.search(text) else amounts[0]
    if about is not None:
        # "Nearly four hundred" is less than that; a tenth either way is about it.
        least = amounts[0] if about["more"] else amounts[0].share(Decimal("0.9"), ROUND_DOWN)
        return least, amounts[0] if about["short"] else amounts[0].share(Decimal("1.1"), ROUND_UP)
    return amounts[0], amounts[0]


def _amounts(said: str, currency: str) -> list[Money]:
    """The figures that words have, in the currency that they name; in the given one where they name none."""
    text = plain(said)
    currency = {"£": "GBP", "$": "USD", "€": "EUR"}.get(next((c for c in text if c in "£$€"), ""), currency)
    currency = next((code for word, code in _CURRENCY_WORDS if re.search(rf"\b{word}\b", text)), currency)
    return [Money.of(Decimal(n.replace(",", "")), currency) for n in _NUMBER.findall(text)]


def read_number(said: str) -> int | None:
    text = plain(said)
    digits = re.search(r"\d+", text)
    return int(digits.group()) if digits else next((n for w, n in periods.NUMBERS.items() if w in text.split()), None)


def read_group(said: str) -> tuple[Group | None, bool]:
    """By what to group, and whether single rows are wanted instead ("the five biggest payments")."""
    text = plain(said)
    group = next((g for word, g in _GROUPS if word in text), None)
    return group, group is None and any(w in text for w in _ROWS)


def payees_of(query: Query) -> tuple[Payee, ...]:
    return tuple({p.id: p for m in query.matches for p in m.payees}.values())


def synonyms_of(table: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Category -> words, turned round: a customer's word -> the categories it may mean."""
    turned: dict[str, tuple[str, ...]] = {}
    for category, said in table.items():
        for word in said:
            turned[plain(word)] = (*turned.get(plain(word), ()), category)
    return turned
