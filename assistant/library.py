"""The tool over the bank's pages: what they say, what the terms come to, or that nobody has written it down."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant import pages
from assistant.pages import Quote
from assistant.terms import Charged, Earned, Overdraft, Reached, Term
from assistant.tools import Context, ToolResult, literal
from data.banking import Limit
from data.facts import Fact, Outcome


def article(found: Sequence[Quote], term: Term | None, earned: Earned | None, context: Context) -> ToolResult:
    """The answer to a question about pages and terms. Without either: that it is not known, and a person."""
    cited = pages.sources(found)
    if earned is not None:
        _say_interest(earned, context)
    elif term is not None:
        _say_term(term, context)
        version = term.held.product.version
        found = [short for quote in found if (short := pages.agreeing(quote, term.figures, version)).text]
    for quote in found:
        context.say("article.quote", quote=pages.quoted(context.book, quote))
        pages.figures(context.book, quote)
    if not context.lines:
        context.say("article.unknown", no=context.no("pages found"))
        return ToolResult(outcome=Outcome.CANNOT, lines=tuple(context.lines), facts=tuple(context.book.facts))
    return ToolResult(outcome=Outcome.ANSWER, lines=tuple(context.lines), facts=tuple(context.book.facts), citations=cited)


def beside(result: ToolResult, found: Sequence[Quote], context: Context, *, quote: bool) -> ToolResult:
    """What the service says, with the page nearest to the question cited and, if wanted, quoted where it says nothing else.

    context: its facts follow those of the result. Where a page states another figure, the service counts.
    """
    said = pages.stated(" ".join(fact.shown for fact in result.facts))
    for nearest in found[:1] if quote else ():
        short = pages.without_figures(nearest, said)
        if short.text:
            context.say("article.quote", quote=pages.quoted(context.book, short))
            pages.figures(context.book, short)
    return result.model_copy(
        update={
            "lines": (*result.lines, *context.lines),
            "facts": (*result.facts, *context.book.facts),
            "citations": pages.sources(found[:1]),
        }
    )


def _say_term(term: Term, context: Context) -> None:
    product, account = term.held.product, literal(term.held.account.name)
    source = (f"product:{product.id}",)
    if isinstance(term.said, Charged):
        _say_fee(term.said, account, source, context)
    elif isinstance(term.said, Limit):
        _say_limit(term.said, account, source, context)
    elif isinstance(term.said, Overdraft):
        if term.said.most is not None:
            context.say("article.overdraft_most", account=account, most=context.book.money("overdraft", term.said.most, source))
        if term.said.rate is not None:
            context.say("article.overdraft_rate", account=account, rate=context.book.rate("yearly rate", term.said.rate, source))
    elif isinstance(term.said, Reached):
        balance = context.book.money("balance asked about", term.said.balance)
        context.say(
            "article.rate_at", account=account, balance=balance, rate=context.book.rate("yearly rate", term.said.rate, source)
        )
    else:
        first, *others = term.said
        context.say("article.rate", account=account, rate=context.book.rate("yearly rate", first.rate, source))
        for tier in others:
            above = context.book.money("balance", tier.above, source)
            context.say("article.tier", above=above, rate=context.book.rate("yearly rate", tier.rate, source))


def _named(name: str, source: tuple[str, ...], context: Context) -> str:
    """A name with the times that stand in it as facts: "to a new payee in its first 24 hours"."""

    def fact(found: re.Match[str]) -> str:
        number, noun = int(found["number"].replace(",", "")), found["noun"].removesuffix("s")
        return f"{{{context.book.count(f'{noun}s of “{name}”', number, source, noun).ref}}}"

    return pages.COUNTED.sub(fact, literal(name))


def _say_limit(limit: Limit, account: str, source: tuple[str, ...], context: Context) -> None:
    if limit.amount is not None:
        most = context.book.money("limit", limit.amount, source)
    elif limit.count is not None:
        most = context.book.count("limit", limit.count, source, "time")
    else:
        return
    context.say("article.limit", name=_named(limit.name, source, context), account=account, limit=most, per=limit.per)


def _say_fee(said: Charged, account: str, source: tuple[str, ...], context: Context) -> None:
    fee = said.fee
    slots = {"name": _named(fee.name, source, context), "account": account, "per": fee.per}
    if fee.percent is None:
        if fee.amount is not None:
            context.say("article.fee", fee=context.book.money("fee", fee.amount, source), **slots)
            if said.times > 1 and said.cost is not None:
                times = context.book.count("times", said.times, (), "time")
                held = f", at most {fee.month_most.plain} a month" if fee.month_most is not None else ""
                cost = context.book.money("fees", said.cost, source, f"{said.times} times {fee.amount.plain}{held}")
                context.say("article.times", times=times, cost=cost)
        return
    bounds = ""
    for key, bound in (("at least", fee.least), ("at most", fee.most)):
        if bound is not None:
            bounds += f", {key} {{{context.book.money(f'{key} charged', bound, source).ref}}}"
    rate = context.book.rate("fee rate", fee.percent, source)
    context.say("article.fee_rate", rate=rate, bounds=bounds, **slots)
    if said.cost is not None and said.amount is not None:
        amount = context.book.money("amount asked about", said.amount)
        cost = context.book.money("fee", said.cost, source, f"{fee.percent}% of {said.amount.plain}")
        context.say("article.comes_to", amount=amount, cost=cost)


def _say_interest(earned: Earned, context: Context) -> None:
    held = earned.held
    source = (f"product:{held.product.id}",)
    slots: dict[str, Fact | str] = {
        "account": literal(held.account.name),
        "rate": context.book.rate("yearly rate", earned.rate, source),
        "days": context.book.count("days", earned.days, (), "day"),
        "interest": context.book.money("interest", earned.interest, source, f"{earned.rate}% a year, {earned.days} of 365 days"),
    }
    if earned.balance is None:
        context.say("article.interest", **slots)
    else:
        context.say("article.interest_now", balance=context.book.money("booked balance", earned.balance), **slots)
