"""The tool over who may have what: the conditions of a product or of an overdraft, and whether the bank sees them met."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.resolve import Query
from assistant.spans import plain, words_of
from assistant.tools import Context, ToolResult, finish, literal, only_files
from data.banking import AccountKind, Check, Condition, Product
from data.facts import Fact, Outcome

_OVERDRAFT = re.compile(r"\b(?:overdrafts?|overdrawn|in the red)\b")
# What the bank calls by a product's name, and customers by its kind.
_KINDS = (
    (re.compile(r"\b(?:savings?(?: accounts?)?|savers?)\b"), AccountKind.SAVINGS),
    (re.compile(r"\b(?:current|bank|everyday|normal|ordinary) accounts?\b"), AccountKind.CURRENT),
)
# Words in names of products that tell none from another.
_ANY = frozenset(["account", "accounts", "current", "saver", "savings", "everyday", "rate", "year", "one", "cash"])
_FOR_A_CHILD = re.compile(
    r"\b(?:child(?:ren)?|kids?|sons?|daughters?|baby|toddler|grand(?:son|daughter|child(?:ren)?|kids?)|nephew|niece|little one)\b"
)
_STATES = {True: "met", False: "not met", None: "not known until you apply"}
_WORDS = {True: "Yes", False: "No", None: "Perhaps"}
# So many products at once are told about in full; of others only the answer is.
IN_FULL = 1


def meant(topic: str, catalogue: Sequence[Product], held: Sequence[Product]) -> tuple[Product, ...]:
    """The products that a question is about, best first: on sale, or for an overdraft what the customer is on.

    Empty where it names none that the bank has.
    """
    text = plain(topic)
    if _OVERDRAFT.search(text):
        return tuple({p.id: p for p in held if p.overdraft_conditions}.values())
    said = {word.removesuffix("s") for word in words_of(text)}
    sold = [p for p in catalogue if p.until is None]
    named = [p for p in sold if (words_of(plain(p.name)) - _ANY) & said]
    if named:
        return tuple(named)
    if _FOR_A_CHILD.search(text):
        return tuple(p for p in sold if any(c.of for c in p.conditions))
    kind = next((kind for pattern, kind in _KINDS if pattern.search(text)), None)
    general = [p for p in sold if p.kind is kind and not any(c.of for c in p.conditions)]
    # An account that is meant for everybody has no word of its own in its name.
    return tuple([p for p in general if not words_of(plain(p.name)) - _ANY] or general)


def eligibility(query: Query, context: Context) -> ToolResult:
    """Whether the customer may have what they ask about: each condition with what the bank knows of it."""
    if refused := only_files(query, context):
        return refused
    overdraft = _OVERDRAFT.search(plain(query.step.spans.topic)) is not None
    offers = [(p, [c for c in checks if c.overdraft is overdraft]) for p, checks in context.live.offers]
    offers = [(p, checks) for p, checks in offers if checks]
    if not offers:
        # The pages may know of it all the same.
        context.say("eligibility.none", no=context.no("products found"))
        return finish(query, context, None, outcome=Outcome.CANNOT).model_copy(update={"unknown": True})
    for product, checks in offers:
        _say(product, checks, context, overdraft=overdraft, full=len(offers) <= IN_FULL)
    return finish(query, context, None)


def _source(product: Product) -> tuple[str, ...]:
    return (f"product:{product.id}",)


def _say(product: Product, checks: Sequence[Check], context: Context, *, overdraft: bool, full: bool) -> None:
    name = literal(f"an overdraft on the {product.name}" if overdraft else f"the {product.name}")
    states = [check.met for check in checks]
    verdict = False if False in states else None if None in states else True
    slots: dict[str, Fact | str] = {"answer": context.book.words("answer", _WORDS[verdict], _source(product)), "product": name}
    context.say({True: "eligibility.yes", False: "eligibility.no", None: "eligibility.open"}[verdict], **slots)
    for check in checks if full else [c for c in checks if c.met is False]:
        context.say("eligibility.condition", **_condition(check, product, context))
    if full:
        _say_bounds(product, context, overdraft=overdraft)


def _condition(check: Check, product: Product, context: Context) -> dict[str, Fact | str]:
    """The condition as the bank puts it, and what it knows of it; its figures are facts too."""
    _figures(check.condition, product, context)
    says = context.book.quote(f"condition of the {product.name}", check.condition.says, _source(product))
    return {"says": says, "state": context.book.words("condition", _STATES[check.met], _source(product))}


def _figures(condition: Condition, product: Product, context: Context) -> None:
    for label, age in (("least age", condition.least_age), ("greatest age", condition.most_age)):
        if age is not None:
            context.book.count(label, age, _source(product))
    if condition.months:
        context.book.count("months held", condition.months, _source(product), "month")
    if condition.least_income is not None:
        context.book.money("least income a month", condition.least_income, _source(product))


def _say_bounds(product: Product, context: Context, *, overdraft: bool) -> None:
    if overdraft and product.overdraft_most is not None:
        most = context.book.money("largest overdraft", product.overdraft_most, _source(product))
        context.say("eligibility.most", product=literal(product.name), most=most)
    opening = product.limit("opening")
    if not overdraft and opening is not None and opening.amount is not None:
        context.say("eligibility.opening", least=context.book.money("opening deposit", opening.amount, _source(product)))
