"""The frozen plan: what the router or the model proposes, in the customer's own words."""

from __future__ import annotations

from enum import StrEnum

from data.party import Frozen


class Tool(StrEnum):
    """Everything a turn can do. One value is one tool of the read catalogue or one outcome without data."""

    SUM = "sum"
    COUNT = "count"
    AVERAGE = "average"
    LARGEST = "largest"
    SMALLEST = "smallest"
    FIRST = "first"
    LAST = "last"
    TOP = "top"
    BREAKDOWN = "breakdown"
    COMPARE = "compare"
    SHARE = "share"
    DISTINCT = "distinct"
    REFUNDS = "refunds"
    REFUND_STATUS = "refund_status"
    INCOME = "income"
    QUIET_DAYS = "quiet_days"
    BIGGEST_DAY = "biggest_day"
    FIND = "find"
    DUPLICATES = "duplicates"
    PENDING = "pending"
    IDENTIFY = "identify"
    BALANCE = "balance"
    POSITION = "position"
    EXPLAIN = "explain"
    STANDING_ORDERS = "standing_orders"
    DIRECT_DEBITS = "direct_debits"
    UPCOMING = "upcoming"
    SUBSCRIPTIONS = "subscriptions"
    SALARY = "salary"
    AFFORD = "afford"
    SPARE = "spare"
    ACCOUNTS = "accounts"
    BENEFICIARIES = "beneficiaries"
    CARDS = "cards"
    STATEMENTS = "statements"
    PRODUCT = "product"
    CONTACT = "contact"
    ELIGIBILITY = "eligibility"
    ARTICLE = "article"
    HELP = "help"
    CANNOT = "cannot"
    REFUSE = "refuse"
    OOS = "oos"
    HANDOVER = "handover"
    LOOKED = "looked"


# What code alone recognises: neither the router nor a model proposes it.
BY_CODE = frozenset({Tool.LOOKED})
# What can be asked of the same payments as before: "how many was that?"
ABOUT_SAME = frozenset({
    Tool.SUM, Tool.COUNT, Tool.AVERAGE, Tool.LARGEST, Tool.SMALLEST, Tool.FIRST, Tool.LAST, Tool.TOP, Tool.BREAKDOWN, Tool.SHARE,
    Tool.DISTINCT, Tool.REFUNDS, Tool.QUIET_DAYS, Tool.BIGGEST_DAY, Tool.FIND, Tool.DUPLICATES, Tool.SUBSCRIPTIONS,
})  # fmt: skip
# Whose answer is one payment, or one day.
ONE_ROW = frozenset({Tool.LAST, Tool.FIRST, Tool.LARGEST, Tool.SMALLEST, Tool.BIGGEST_DAY})
# Whose answer says when it comes next.
DATED = frozenset({Tool.SALARY, Tool.SUBSCRIPTIONS})
# Whose answer says what they come to.
TOTALLED = frozenset({Tool.SUBSCRIPTIONS, Tool.DIRECT_DEBITS, Tool.UPCOMING, Tool.PENDING, Tool.REFUNDS})
LISTS = TOTALLED | {Tool.STANDING_ORDERS, Tool.DUPLICATES, Tool.QUIET_DAYS}
MANDATES = frozenset({Tool.DIRECT_DEBITS, Tool.STANDING_ORDERS})
POSITIONS = frozenset({Tool.BALANCE, Tool.POSITION, Tool.ACCOUNTS})
# These too, where they point back: "how much has he sent me?"
ABOUT_PAYMENTS = ABOUT_SAME | {Tool.INCOME, Tool.REFUND_STATUS, Tool.IDENTIFY, Tool.COMPARE}
# Which page, and which particular of a card or a product is asked for, is read from the whole question.
READ_WHOLE = frozenset({Tool.ARTICLE, Tool.CARDS, Tool.STATEMENTS, Tool.PRODUCT, Tool.CONTACT, Tool.ELIGIBILITY})
# These look at days to come.
DAYS_AHEAD = frozenset({Tool.UPCOMING, Tool.SPARE, Tool.AFFORD})
# Outcomes without data: such a message may say anything.
FREE = frozenset({Tool.HELP, Tool.CANNOT, Tool.REFUSE, Tool.OOS, Tool.HANDOVER})
# What these answer goes on on the bank's pages.
ABOUT_TERMS = frozenset({Tool.ARTICLE, Tool.PRODUCT, Tool.ELIGIBILITY})


# Where the other side pays.
FROM_OTHERS = frozenset({Tool.INCOME, Tool.SALARY})
# What a change says of payments where it is money in, or back, that is spoken of, or out where that was.
CAME_IN, CAME_BACK, WENT_OUT = "came in", "came back", "went out"


class Spans(Frozen):
    """Verbatim words of the customer, none of them interpreted yet.

    periods: up to two, in the order said; for a comparison the first is the one asked about.
    merchants: names of shops, people or companies. category: a kind of spending.
    amount: bounds included, such as "over 50". account: which of their accounts. group: by what.
    bought: words for what was paid by card, such as "purchases". without: names and kinds that are to be left out.
    change: words that ask for something else of what a tool looks at, such as "gone up", "lowest" or "most often"; of a
    comparison, that it says no way round; of a share, the account that is the part, or the place of which it is one.
    topic: a whole question, for the tools that read it whole.
    """

    periods: tuple[str, ...] = ()
    merchants: tuple[str, ...] = ()
    category: str = ""
    amount: str = ""
    account: str = ""
    number: str = ""
    group: str = ""
    bought: str = ""
    without: tuple[str, ...] = ()
    change: str = ""
    topic: str = ""


def only_days(said: Spans) -> bool:
    """Whether nothing but a time is said."""
    return bool(said.periods) and said == Spans(periods=said.periods)


def names_in(said: Spans) -> tuple[str, ...]:
    """Whom some words name, and the kind of spending."""
    return (*said.merchants, *([said.category] if said.category else []))


def names_any(said: Spans) -> bool:
    """Whether a payee or a kind of spending is named."""
    return bool(said.merchants or said.category)


class Step(Frozen):
    """One tool and the words that say on what.

    only, excluding: statement templates that the customer picked, or said they did not mean, in this conversation.
    unread: ordinary words beside all that was understood; the answer says that they narrowed nothing.
    """

    tool: Tool
    spans: Spans = Spans()
    only: tuple[str, ...] = ()
    excluding: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


class Plan(Frozen):
    """What a turn will do. `sure` is the router's calibrated probability, 1 for a model's plan."""

    steps: tuple[Step, ...]
    path: str
    sure: float = 1.0


class Asked(Frozen):
    """A step that was performed, and the templates that its names were taken to mean, or of the one payee that was told.

    pages: the articles that a question to the pages was answered from. beside: whether it was asked in one message with the one
    before it. ranked: whom or what its answer told beside each other, whatever took most first.
    """

    step: Step
    used: tuple[str, ...] = ()
    ranked: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    beside: bool = False
