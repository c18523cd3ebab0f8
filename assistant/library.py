"""The tool over the bank's pages: what they say, what the terms come to, or that nobody has written it down."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from assistant import pages
from assistant.pages import Held, Quote, Term
from assistant.tools import Context, ToolResult, literal
from data.facts import Outcome
from data.money import Money

Interest = tuple[Held, Decimal, int, Money]


def article(found: Sequence[Quote], term: Term | None, earned: Interest | None, context: Context) -> ToolResult:
    """The answer to a question about pages and terms. Without either: that it is not known, and a person."""
    cited = pages.sources(found)
    if earned is not None:
        _say_interest(earned, context)
    elif term is not None:
        _say_fee(term, context)
    if term is not None and earned is None:
        # Where a page says another figure than the service, the service counts.
        said = tuple(fact.shown for fact in context.book.facts)
        found = [short for quote in found if (short := pages.without_figures(quote, said)).text] or found[:0]
    for quote in found:
        context.say("article.quote", quote=pages.quoted(context.book, quote), title=literal(quote.passage.title))
        pages.figures(context.book, quote)
    if not context.lines:
        context.say("article.unknown", no=context.no("pages found"))
        return ToolResult(outcome=Outcome.CANNOT, lines=tuple(context.lines), facts=tuple(context.book.facts))
    return ToolResult(outcome=Outcome.ANSWER, lines=tuple(context.lines), facts=tuple(context.book.facts), citations=cited)


def beside(result: ToolResult, found: Sequence[Quote], context: Context, *, quote: bool) -> ToolResult:
    """What the service says, with the page nearest to the question cited and, if wanted, quoted where it says nothing else.

    context: its facts follow those of the result. Where a page states another figure, the service counts.
    """
    said = tuple(fact.shown for fact in result.facts)
    for nearest in found[:1] if quote else ():
        short = pages.without_figures(nearest, said)
        if short.text:
            context.say("article.quote", quote=pages.quoted(context.book, short), title=literal(short.passage.title))
            pages.figures(context.book, short)
    return result.model_copy(
        update={
            "lines": (*result.lines, *context.lines),
            "facts": (*result.facts, *context.book.facts),
            "citations": pages.sources(found[:1]),
        }
    )


def _say_fee(term: Term, context: Context) -> None:
    fee, product = term.fee, term.held.product
    source = (f"product:{product.id}",)
    slots = {"name": literal(fee.name), "account": literal(term.held.account.name), "per": fee.per}
    if fee.percent is None:
        if fee.amount is None:
            return
        context.say("article.fee", fee=context.book.money("fee", fee.amount, source), **slots)
        return
    bounds = ""
    for key, bound in (("at least", fee.least), ("at most", fee.most)):
        if bound is not None:
            bounds += f", {key} {{{context.book.money(f'{key} charged', bound, source).ref}}}"
    rate = context.book.rate("fee rate", fee.percent, source)
    context.say("article.fee_rate", rate=rate, bounds=bounds, **slots)
    if term.cost is not None and term.amount is not None:
        amount = context.book.money("amount asked about", term.amount)
        cost = context.book.money("fee", term.cost, source, f"{fee.percent}% of {term.amount.plain}")
        context.say("article.comes_to", amount=amount, cost=cost)


def _say_interest(earned: Interest, context: Context) -> None:
    held, rate, days, amount = earned
    source = (f"product:{held.product.id}",)
    context.say(
        "article.interest",
        account=literal(held.account.name),
        rate=context.book.rate("yearly rate", rate, source),
        days=context.book.count("days", days, (), "day"),
        interest=context.book.money("interest", amount, source, f"{rate}% a year, {days} of 365 days"),
    )
