"""The only place that knows which adapters are in use: builds everything from settings, and takes it down again."""

from __future__ import annotations

import asyncio
import fcntl
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine

from api.policies import policies_of
from api.settings import Settings
from assistant import orders, pages, proposal, router, trail, wordings
from assistant.acting import Acting
from assistant.dialogue import SURE, Understanding
from assistant.models import ModelServer
from assistant.orders import said_of_orders
from assistant.outside import Outside
from assistant.plan import Plan, Spans
from assistant.replay import Nobody, Replay, Stored
from assistant.resolve import Alike, synonyms_of
from assistant.spans import Sellers, plain
from assistant.turn import Assistant, Meaning, Planner, Search
from assistant.weights import locate
from assistant.wordings import Wordings, meaning_of, said_of_pages, said_of_terms
from connectors.card_services import CardServices
from connectors.categories import DEFAULT_RULES, SELLERS, Categories, merchant_kinds
from connectors.exchange import TokenExchange
from connectors.gateway import Gateway
from connectors.payments import PaymentServices
from connectors.performing import Performing
from connectors.policy import FOLDER
from connectors.sandbox.app import (
    ACCOUNTS_PATH,
    BASE_URL,
    CARDS_PATH,
    IDENTITY_PATH,
    PAGES,
    PAYMENTS_PATH,
    REDIRECT_URIS,
    Sandbox,
    build,
)
from connectors.services import BankServices
from connectors.sync import sync
from connectors.transport import in_process
from data.articles import Articles, Audience, Passage
from data.audit import Audit
from data.errors import CounterfoilError, IndexUnavailable, ModelUnavailable, NotFound
from data.facts import Row
from data.intents import Intents
from data.ledger import Ledger, Texts, shown_row
from data.party import PASSWORD, AccountId, Consent, Login, PartyId, Purpose
from data.queries import Queries
from data.records import Records
from data.store import connect
from prompts.registry import PlannerPrompt, large_prompt, planner_prompt
from retrieval import embedding, passages, reader, templates
from retrieval.articles import Choice
from retrieval.articles import read as read_articles
from retrieval.cache import EmbeddingCache
from retrieval.edge import EdgeIndex, EdgePassages
from retrieval.embedding import Embedder
from retrieval.index import PassageIndex, VectorIndex
from retrieval.kinds import Kinds
from retrieval.library import ArticleSearch
from retrieval.reader import Reader
from retrieval.search import MerchantSearch
from retrieval.worker import Progress, drain, drain_passages, rebuild, rebuild_passages

if TYPE_CHECKING:
    from assistant.large import LargePlanner

Clock = Callable[[], datetime]

# What tells the time: for a batch line or an eval one that stands at the moment that it asks from.
_clock: ContextVar[Clock | None] = ContextVar("clock", default=None)


def clock() -> datetime:
    other = _clock.get()
    return other() if other else datetime.now(UTC)


@contextmanager
def asking_at(now: datetime | Clock | None, *, going_on: bool = False) -> Iterator[None]:
    """Everything called in this context, the sandbox bank included, takes `now`, or what a clock says, for the present.

    going_on: and time goes on from that moment.
    """
    began = datetime.now(UTC)

    def then() -> datetime:
        if callable(now):
            return now()
        moment = now or began
        return moment + (datetime.now(UTC) - began) if going_on else moment

    mark = _clock.set(then if now else None)
    try:
        yield
    finally:
        _clock.reset(mark)


def open_ledger(settings: Settings) -> tuple[Engine, Ledger, Categories]:
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.database)
    categories = Categories.load(settings.rules or DEFAULT_RULES)
    texts = Texts(descriptor=templates.descriptor, template=templates.template)
    return engine, Ledger(engine, texts, categories.categorise), categories


def open_audit(settings: Settings, engine: Engine) -> Audit:
    return Audit(engine, settings.home / "keys", versions(settings))


def versions(settings: Settings) -> dict[str, str]:
    """What turns are made with: nothing of it is secret, and where it lies is not told."""
    prompt, large = planner_prompt(settings.prompt, settings.examples), large_prompt(settings.outside_prompt)
    return {
        "code": f"{version('counterfoil')} {_digest(*(Path(__file__).parent.parent / name for name in PARTS))}",
        "policies": _digest(FOLDER),
        "head": " ".join((router.version(embedding.VERSION), reader.version(), reader.version(reader.PAGES))),
        "sure": str(SURE if settings.sure is None else settings.sure),
        "model": settings.model_model if settings.model_url else Path(settings.model_name).name,
        "prompt": f"{prompt.version} {prompt.digest[:12]}",
        "outside_prompt": f"{large.version} {large.digest[:12]}",
    }


PARTS = ("api", "assistant", "connectors", "data", "prompts", "retrieval")
WRITTEN = (".py", ".toml", ".yaml", ".md", ".cedar", ".cedarschema")


def _digest(*folders: Path) -> str:
    """Of everything written in some folders."""
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in WRITTEN)
    return sha256(b"\0".join(sha256(path.read_bytes()).digest() for path in files)).hexdigest()[:12]


def head_path(settings: Settings) -> Path:
    return settings.models / f"router-{router.version(embedding.VERSION)}.npz"


def prepare(settings: Settings, progress: Callable[[int, int], None] | None = None) -> Embedder:
    """The serving embedder, and the reader and the router's head on disk, made where they are missing: the first time takes a
    minute or two.

    What is made is made in a process of its own, so that this one loads neither torch nor scikit-learn.
    """
    folder = embedding.export(settings.models, progress)
    for learned in (reader.TAUGHT, reader.PAGES):
        reader.export(settings.models, learned)
    head = head_path(settings)
    # A second process at the same time waits for the first, and finds it made.
    with head.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not head.exists():
            subprocess.run([sys.executable, "-m", "api.train", str(folder), str(head)], check=True)
    return Embedder(folder)


def _model_planner(server: ModelServer, prompt: PlannerPrompt) -> Planner:
    from assistant.graph import ModelPlanner  # noqa: PLC0415  LangChain takes seconds to import

    return ModelPlanner(server, prompt)


def _large_planner(outside: Outside, settings: Settings) -> LargePlanner:
    from assistant.large import LargePlanner  # noqa: PLC0415  as above

    return LargePlanner(outside, large_prompt(settings.outside_prompt), words=settings.writer == "model")


class LazyPlanner:
    """Starts the embedded model when it is first asked: a short command does not wait for what it may not need."""

    def __init__(self, server: ModelServer, prompt: PlannerPrompt, wait_s: float) -> None:
        self.server, self.prompt, self.wait_s = server, prompt, wait_s
        self._planner: Planner | None = None
        self._started = False
        self._lock = asyncio.Lock()

    async def start(self) -> Planner:
        async with self._lock:
            if not self._started:
                self._started = True
                await self.server.start()
            if self._planner is None:
                self._planner = await asyncio.to_thread(_model_planner, self.server, self.prompt)
            return self._planner

    async def plan(self, message: str, prior: Plan | None = None, heard: Spans | None = None) -> Plan:
        planner = await self.start()
        if self.wait_s:
            await self.server.ready(self.wait_s)
        return await planner.plan(message, prior, heard)

    async def stop(self) -> None:
        if self._started:
            await self.server.stop()


@dataclass
class Library:
    """The bank's articles, and the search in them."""

    articles: Articles
    index: PassageIndex
    embedder: Embedder
    cache: EmbeddingCache
    search: ArticleSearch

    @classmethod
    def of(cls, settings: Settings, engine: Engine, embedder: Embedder, cache: EmbeddingCache) -> Library:
        articles, index = Articles(engine, passages.cut), _passage_index(settings, embedder.version)
        return cls(articles, index, embedder, cache, ArticleSearch(articles, index, embedder))

    async def update_index(self, progress: Progress | None = None) -> int:
        return await drain_passages(self.articles, self.embedder, self.cache, self.index, progress)

    async def rebuild_index(self, progress: Progress | None = None) -> int:
        return await rebuild_passages(self.articles, self.embedder, self.cache, self.index, progress)


def _passage_index(settings: Settings, version: str) -> PassageIndex:
    if settings.qdrant_url:
        from retrieval.server import ServerPassages  # noqa: PLC0415  its client takes seconds to import

        return ServerPassages(settings.qdrant_url, version)
    # An owner of its own: making its graph takes seconds, in which payees are found all the same.
    return EdgePassages(settings.home / "library", version)


@asynccontextmanager
async def open_library(settings: Settings, threads: int = 1) -> AsyncIterator[Library]:
    """The articles alone, without the bank. threads: of the embedding model."""
    folder = await asyncio.to_thread(embedding.export, settings.models)
    embedder = await asyncio.to_thread(Embedder, folder, threads)
    settings.home.mkdir(parents=True, exist_ok=True)
    engine = connect(settings.database)
    cache = EmbeddingCache(settings.home / "cache", embedder.version)
    library = Library.of(settings, engine, embedder, cache)
    try:
        yield library
    finally:
        await library.index.close()
        cache.close()
        engine.dispose()


@dataclass
class Bank:
    """Everything that a turn, a sync or a command needs. `sandbox` is the bank whose customers log in here."""

    settings: Settings
    engine: Engine
    ledger: Ledger
    queries: Queries
    records: Records
    audit: Audit
    categories: Categories
    embedder: Embedder
    cache: EmbeddingCache
    index: VectorIndex
    library: Library
    services: BankServices
    sandbox: Sandbox
    assistant: Assistant
    planner: LazyPlanner | None
    outside: Outside | None
    gateway: Gateway
    performing: Performing

    async def login(self, party: PartyId, token: str | None = None, acr: str = PASSWORD) -> Login:
        """The login of a party: a sandbox customer's grants come from the services, others' from their statements.

        token: the one that the party has shown; without one, as on the command line, a sandbox customer's is made here, by
        `acr`. Raises NotFound for a party that neither knows.
        """
        made = token is None
        if made and party in self.sandbox.identity.customers:
            token = self.sandbox.identity.mint(party, acr=acr)
        known = await asyncio.to_thread(self.ledger.party, party)
        if token is not None and (known is None or await asyncio.to_thread(self._stale, party)):
            await self.sync(party, token)
            known = await asyncio.to_thread(self.ledger.party, party)
        if known is None:
            raise NotFound("party", party)
        grants = await asyncio.to_thread(self.ledger.grants, party)
        consents = await asyncio.to_thread(self.ledger.consents_of, party)
        login = Login(party=known, grants=grants, token=token, consents=consents)
        return login.model_copy(update={"acr": acr, "authenticated_at": clock()}) if made else login

    def _stale(self, party: PartyId) -> bool:
        """Whether the ledger has not been fed from the services for this long."""
        now = clock()
        times = [self.ledger.synced_until(g.account) for g in self.ledger.grants(party)]
        return any(t is None or abs((now - t).total_seconds()) > SYNC_AGAIN_S for t in times)

    async def sync(self, party: PartyId, token: str) -> None:
        """Feed the ledger from the services, under the consent to it that a sandbox customer gives by logging in."""
        now = clock()
        consent = Consent(party=party, purpose=Purpose.SYNC)
        await asyncio.to_thread(self.ledger.put_consent, consent)
        await sync(self.services, token, self.ledger, consent, now)
        if await asyncio.to_thread(self.ledger.waiting):
            await self.update_index()

    async def update_index(self, progress: Progress | None = None) -> int:
        async with _alone(self.settings.home / "indexing.lock"):
            return await drain(self.ledger, self.embedder, self.cache, self.index, progress)

    async def rebuild_index(self, progress: Progress | None = None) -> int:
        async with _alone(self.settings.home / "indexing.lock"):
            return await rebuild(self.ledger, self.embedder, self.cache, self.index, progress)

    async def rows(self, login: Login, ids: Sequence[str], accounts: Sequence[AccountId] = ()) -> list[Row]:
        """Ledger rows by source id, of the login's own accounts only, newest first."""
        own = [a for a in login.accounts(clock()) if not accounts or a in accounts]
        names = {a.id: a.name for a in await asyncio.to_thread(self.ledger.accounts, own)}
        found = await asyncio.to_thread(self.queries.by_ids, own, ids)
        return [shown_row(dict(row), names[row["account_id"]]) for row in found if row["account_id"] in own]


SYNC_AGAIN_S = 300.0
LOOK_AGAIN_S = 0.1


@asynccontextmanager
async def _alone(path: Path) -> AsyncIterator[None]:
    """Be the only one of this home, in any of its processes: two that built one index would begin it under each other."""
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(LOOK_AGAIN_S)
        yield


async def open_index(settings: Settings, version: str) -> VectorIndex:
    if settings.qdrant_url:
        from retrieval.server import ServerIndex  # noqa: PLC0415  its client takes seconds to import

        return ServerIndex(settings.qdrant_url, version)
    index = EdgeIndex(settings.home / "index", version)
    # Without it names as they are written still work, and its health says so.
    with suppress(IndexUnavailable):
        await index.open()
    return index


def _meaning(search: MerchantSearch, kinds: Kinds) -> Meaning:
    async def find(said: str, accounts: frozenset[AccountId]) -> Alike:
        hits = await search.find(said, accounts)
        best = max((h.score for h in hits), default=0.0)
        near = tuple(h.text for h in hits if h.score >= best - NEAR)
        return Alike(templates=near, codes=await kinds.find(said))

    return find


# A whole passage says less about a short question than its nearest sentence: pages.Reader has the last word.
FIRST_LOOK = 0.2


def _articles(search: ArticleSearch, articles: Articles) -> Search:
    async def find(
        question: str, on: date, products: frozenset[str], audience: Audience, titles: Sequence[str]
    ) -> list[list[Passage]]:
        found = await search.search_articles(question, on=on, audience=audience, products=products, limit=pages.READ)

        def whole() -> list[list[Passage]]:
            ids = dict.fromkeys((*(p.article for p in found), *articles.titled(titles)))
            held = articles.whole([*ids])
            # An article is for one reader as a whole; each passage is asked all the same.
            return [[p for p in held.get(one, ()) if p.for_reader(on, audience, products)] for one in ids]

        return await asyncio.to_thread(whole)

    return find


async def _hold_pages(library: Library, home: Path) -> None:
    """The sandbox bank's pages, loaded where they changed; without an index they are there when it is back."""
    found = await asyncio.to_thread(read_articles, PAGES, Choice({}, {}, Audience.PUBLIC))
    await asyncio.to_thread(library.articles.load, "sandbox", found.articles, remove_missing=True)
    async with _alone(home / "indexing.lock"):
        if await asyncio.to_thread(library.articles.waiting):
            with suppress(IndexUnavailable):
                await library.update_index()


# Hits this close to the best one are the same kind of place; others only share a word.
NEAR = 0.08


# How long a command waits for the embedded model to be ready.
MODEL_S = 300.0


@asynccontextmanager
async def open_bank(
    settings: Settings,
    *,
    base_url: str = BASE_URL,
    wait_for_model_s: float = MODEL_S,
    fetch: bool = False,
    sandbox_of: Callable[[Clock, Path, str, Sequence[str]], Sandbox] = build,
) -> AsyncIterator[Bank]:
    """Open everything on a home. wait_for_model_s: 0 answers without the model until it is ready. sandbox_of: builds the bank
    whose customers log in, the one with the seven households or one with others."""
    # First, as nothing is opened under rules that cannot be used.
    gateway = Gateway(policies_of(settings), record=trail.decided)
    closing = AsyncExitStack()
    embedder = await asyncio.to_thread(prepare, settings)
    engine, ledger, categories = await asyncio.to_thread(open_ledger, settings)
    queries = Queries(engine)
    cache = EmbeddingCache(settings.home / "cache", embedder.version)
    index = await open_index(settings, embedder.version)
    library = Library.of(settings, engine, embedder, cache)
    if isinstance(library.index, EdgePassages):
        with suppress(IndexUnavailable):
            await library.index.open()
    back = (*REDIRECT_URIS, f"{settings.origin}/login/callback")
    sandbox = sandbox_of(clock, settings.home / "keys" / "sandbox.json", base_url, back)
    services, payments, card_services = await closing.enter_async_context(_services(sandbox))
    outside = _outside(settings)
    large = await asyncio.to_thread(_large_planner, outside, settings) if outside else None
    planner = None if outside else _planner(settings, wait_for_model_s, fetch)
    audit = await asyncio.to_thread(open_audit, settings, engine)
    await _hold_pages(library, settings.home)
    kinds = await asyncio.to_thread(_kinds, settings, embedder)
    performing = Performing(Intents(engine, audit), payments, card_services, services, gateway)

    async def fed(login: Login) -> None:
        if login.token is not None:
            # What was done is done; the next sync tells of it too.
            with suppress(CounterfoilError):
                await bank.sync(login.party.id, login.token)

    order_wordings = await asyncio.to_thread(_wordings, settings, embedder, said_of_orders())
    acting = Acting(performing, services, gateway, queries, orders.Reader(embedder.embed, order_wordings), fed)
    assistant = await _made(
        Assistant,
        settings,
        embedder,
        categories,
        ledger=ledger,
        queries=queries,
        articles=_articles(ArticleSearch(library.articles, library.index, embedder, FIRST_LOOK), library.articles),
        meaning=_meaning(MerchantSearch(index, embedder), kinds),
        gateway=gateway,
        services=services,
        kinds=kinds,
        acting=acting,
        planner=planner,
        large=large,
    )
    bank = Bank(
        settings,
        engine,
        ledger,
        queries,
        Records(engine, audit=audit),
        audit,
        categories,
        embedder,
        cache,
        index,
        library,
        services,
        sandbox,
        assistant,
        planner,
        outside,
        gateway,
        performing,
    )
    # What was opened stays as long as the bank does: a collection that looks through all of it again takes a quarter of a second.
    gc.freeze()
    try:
        yield bank
    finally:
        gc.unfreeze()
        if planner is not None:
            await planner.stop()
        if large is not None:
            await large.aclose()
        await performing.close()
        await closing.aclose()
        await index.close()
        await library.index.close()
        cache.close()
        engine.dispose()


@asynccontextmanager
async def _services(sandbox: Sandbox) -> AsyncIterator[tuple[BankServices, PaymentServices, CardServices]]:
    """The bank's services, each shown tokens of its own by the client that may act for the bank's customers."""
    own, transport = sandbox.assistant, partial(in_process, sandbox.app)
    async with AsyncExitStack() as stack:
        exchange = TokenExchange(f"{BASE_URL}{IDENTITY_PATH}/token", own.id, own.secret, transport(), clock)
        await stack.enter_async_context(exchange)
        yield (
            await stack.enter_async_context(BankServices(BASE_URL + ACCOUNTS_PATH, transport(), exchange)),
            await stack.enter_async_context(PaymentServices(BASE_URL + PAYMENTS_PATH, transport(), exchange)),
            await stack.enter_async_context(CardServices(BASE_URL + CARDS_PATH, transport(), exchange)),
        )


A = TypeVar("A", bound=Assistant)


async def _made(
    kind: Callable[..., A], settings: Settings, embedder: Embedder, categories: Categories, kinds: Kinds, **more: Any
) -> A:
    """An assistant with all that understands a message; more: what it may ask, and whoever plans beside the router."""
    head = await asyncio.to_thread(router.Head.load, head_path(settings))
    reading = await asyncio.to_thread(lambda: Reader(reader.export(settings.models)))
    return kind(
        understanding=Understanding(head, embedder.embed, reading, SURE if settings.sure is None else settings.sure),
        synonyms=synonyms_of(categories.synonyms()),
        category_names={c: categories.display(c) for c in categories.synonyms()},
        vocabulary=router.vocabulary(embedder.english(), kinds.knows, _sellers(), categories.knows_shop),
        page_wordings=await asyncio.to_thread(_wordings, settings, embedder, said_of_pages()),
        likely_pages=await asyncio.to_thread(_likely_pages, settings),
        term_wordings=await asyncio.to_thread(_wordings, settings, embedder, said_of_terms()),
        always_model=settings.planner == "model",
        **more,
    )


def _kinds(settings: Settings, embedder: Embedder) -> Kinds:
    return Kinds(embedder, merchant_kinds(), settings.models / f"kinds-{embedder.version}.npy")


def _sellers() -> Sellers:
    rules = Categories.load(SELLERS)
    said = {word: kind for kind, words in rules.synonyms().items() for word in words}
    whole = frozenset(kind for kind in rules.synonyms() if rules.has_codes(kind))
    return Sellers(said, lambda text, mcc: rules.categorise(text, mcc, None)[0], whole)


def _wordings(settings: Settings, embedder: Embedder, said: Sequence[tuple[wordings.Meaning, str]]) -> Wordings:
    return Wordings.kept(said, embed=embedder.embed, folder=settings.models, version=embedder.version)


def _likely_pages(settings: Settings) -> pages.Likely:
    parts = Reader(reader.export(settings.models, reader.PAGES))
    meanings = [meaning_of(label) for label in parts.labels]

    def likely(question: str) -> dict[wordings.Meaning, float]:
        return dict(zip(meanings, parts.read(plain(question)).labels.values(), strict=True))

    return likely


@asynccontextmanager
async def open_replay(settings: Settings, then: Stored) -> AsyncIterator[Replay]:
    """What runs a turn on record again, with the prompt, model, head and threshold of some settings; no bank is opened for it."""
    embedder = await asyncio.to_thread(prepare, settings)
    categories = Categories.load(settings.rules or DEFAULT_RULES)
    outside = _outside(settings)
    large = await asyncio.to_thread(_large_planner, outside, settings) if outside else None
    planner = None if outside else _planner(settings, MODEL_S, fetch=False)
    kinds = await asyncio.to_thread(_kinds, settings, embedder)
    outer = dict.fromkeys(("ledger", "queries", "meaning", "articles", "services"), Nobody())
    made = {"planner": planner, "large": large, "gateway": Gateway(policies_of(settings)), "turn_on_record": then}
    try:
        yield await _made(Replay, settings, embedder, categories, kinds, **outer, **made)
    finally:
        if planner is not None:
            await planner.stop()
        if large is not None:
            await large.aclose()


def _outside(settings: Settings) -> Outside | None:
    """Raises InvalidInput for an outside model that may not be used as it is set."""
    if not settings.model_url:
        return None
    return Outside.of(settings.model_url, settings.model_model, settings.model_key.get_secret_value())


def _planner(settings: Settings, wait_s: float, fetch: bool) -> LazyPlanner | None:
    name = settings.model_name
    if name == "none" or (not fetch and locate(settings.models, name) is None):
        if settings.planner == "model":
            raise ModelUnavailable("plans are to be made by the model, but there is none: counterfoil model fetch")
        return None
    return LazyPlanner(model_server(settings, name, fetch), _prompt(settings), wait_s)


def _prompt(settings: Settings) -> PlannerPrompt:
    return planner_prompt(settings.prompt, settings.examples)


def model_server(settings: Settings, name: str, fetch: bool) -> ModelServer:
    """The embedded model of that name, not started yet, with what stands before every question."""
    return ModelServer(settings.home, name, proposal.opening(_prompt(settings)), fetch=fetch)
