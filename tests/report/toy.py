"""A hand-made system to report on: two calls, a socket lock, a race window and a late write.

``sys_listen`` announces LISTEN before it validates, and hashes the socket before it writes ``sport``.
"""

from __future__ import annotations

from checker.errors import Place
from checker.evaluate import Binding
from checker.instance import Instance
from checker.language import terms
from checker.language.sorts import BOOL, EnumSort, RefSort, Sort, WordSort
from checker.language.terms import Term
from checker.system import IDLE, Location, Property, StateVar, Step, Transition, TransitionSystem, Update
from checker.trace import Trace, replay

THREAD, SOCKET, SOCK = RefSort("Thread"), RefSort("Socket"), RefSort("Sock")
TCP = EnumSort("TcpState", ("TCP_CLOSE", "TCP_LISTEN"))
ERRNO = EnumSort("Errno", ("0", "EADDRINUSE", "EINVAL"))
PORT, BE_PORT = WordSort("Port", 16), WordSort("BePort", 16, swapped="Port")
SELF = terms.var("self", THREAD)
INSTANCE = Instance((("Thread", 2), ("Socket", 2), ("Sock", 2)), (("Port", (80, 8080)),))

SK_VAR, PORT_VAR = "sys_listen/inet_listen.sk", "sys_listen/sys_listen.port"
LISTEN, ANNOUNCE, VALIDATE = "sys_listen:inet_listen+2", "sys_listen:tcp_listen_start+4", "sys_listen:tcp_v4_get_port+1"
HASH, LATE, REFUSED = "sys_listen:tcp_v4_hash+1", "sys_listen:inet_listen+9", "sys_listen:tcp_listen_start+8"
PC = EnumSort("Location", (IDLE, LISTEN, ANNOUNCE, VALIDATE, HASH, LATE, REFUSED))

VARS = (
    StateVar("Thread", "pc", PC),
    StateVar("Thread", "file", SOCKET),
    StateVar("Socket", "live", BOOL),
    StateVar("Socket", "sk", SOCK),
    StateVar("Sock", "live", BOOL),
    StateVar("Sock", "users", BOOL),
    StateVar("Sock", "state", TCP),
    StateVar("Sock", "num", PORT),
    StateVar("Sock", "sport", BE_PORT),
    StateVar("Sock", "hashed", BOOL),
    StateVar("Sock", "owner", THREAD, ghost=True),
    StateVar("Thread", SK_VAR, SOCK, owner_root="sys_listen"),
    StateVar("Thread", PORT_VAR, PORT, owner_root="sys_listen"),
)
SORTS: dict[tuple[str, str], Sort] = {v.key: v.sort for v in VARS}


def read(record: str, name: str, obj: Term) -> Term:
    """The field ``name`` of ``obj``."""
    return terms.field((record, name), SORTS[(record, name)], obj)


SK, PORT_LOCAL = read("Thread", SK_VAR, SELF), read("Thread", PORT_VAR, SELF)
SOCK_VAR, PORT_ARG = terms.var("sock", SOCKET), terms.var("port", PORT)
NEW_SOCKET, NEW_SOCK = terms.var("socket", SOCKET), terms.var("sk", SOCK)
OTHER = terms.var("sk2", SOCK)
NULL_SOCK, NULL_SOCKET, NULL_THREAD = (terms.const(0, s) for s in (SOCK, SOCKET, THREAD))
CLOSE, LISTENING = terms.member(TCP, "TCP_CLOSE"), terms.member(TCP, "TCP_LISTEN")
CALLED = ("sys_listen", "inet_listen")
STARTED = (*CALLED, "tcp_listen_start")


def errno(name: str) -> Term:
    """A result."""
    return terms.member(ERRNO, name)


def step(kind: str, stack: tuple[str, ...], line: int, text: str, lock: str = "") -> Step:
    """A statement of the toy."""
    return Step(stack[-1], Place("spec/toy.py", line), text, kind, stack, lock)


def put(name: str, value: Term) -> Update:
    """``sk.name := value``."""
    return Update(("Sock", name), SK, value)


def local(name: str, value: Term) -> Update:
    """A write to a local of the running thread."""
    return Update(("Thread", name), SELF, value)


def location(name: str, stack: tuple[str, ...], text: str, *, held: bool) -> Location:
    """A program point of ``sys_listen``."""
    names = ((stack[-1], "sk", SK),)
    return Location(name, "sys_listen", stack[-1], text, stack, (SK,) if held else (), names)


ACQUIRE = step("acquire", CALLED, 22, "lock_sock(sk)", "lock_sock(sk)")
RELEASE = step("release", CALLED, 22, "release lock_sock(sk)", "lock_sock(sk)")
UNLOCK = (put("users", terms.FALSE), put("owner", NULL_THREAD), local(SK_VAR, NULL_SOCK), local(PORT_VAR, terms.const(0, PORT)))
CONFLICT = terms.exists(OTHER, terms.conj(terms.negate(terms.eq(OTHER, SK)), terms.eq(read("Sock", "state", OTHER), LISTENING)))
BUCKET = step("region", (*STARTED, "tcp_v4_get_port"), 41, "spin_lock_bh(tcp_bhash_lock)")
FREE = terms.negate(read("Sock", "users", SK))

TRANSITIONS = (
    Transition(
        "sys_socket/1",
        IDLE,
        IDLE,
        (NEW_SOCKET, NEW_SOCK),
        terms.conj(terms.negate(read("Socket", "live", NEW_SOCKET)), terms.negate(read("Sock", "live", NEW_SOCK))),
        (
            Update(("Socket", "live"), NEW_SOCKET, terms.TRUE),
            Update(("Socket", "sk"), NEW_SOCKET, NEW_SOCK),
            Update(("Sock", "live"), NEW_SOCK, terms.TRUE),
        ),
        (
            step("access", ("sys_socket",), 10, "new(Socket)"),
            step("access", ("sys_socket", "sk_alloc"), 12, "new(Sock)"),
            step("access", ("sys_socket",), 13, "sock.sk = sk"),
            step("return", ("sys_socket",), 14, "return"),
        ),
        errno("0"),
    ),
    Transition(
        "sys_listen/1",
        IDLE,
        LISTEN,
        (SOCK_VAR, PORT_ARG),
        terms.conj(
            terms.negate(terms.eq(read("Socket", "sk", SOCK_VAR), NULL_SOCK)),
            terms.negate(terms.eq(PORT_ARG, terms.const(0, PORT))),
        ),
        (
            Update(("Thread", "file"), SELF, SOCK_VAR),
            local(SK_VAR, read("Socket", "sk", SOCK_VAR)),
            local(PORT_VAR, PORT_ARG),
        ),
        (
            step("region", ("sys_listen", "sockfd_lookup"), 18, "spin_lock(files_lock)"),
            step("access", ("sys_listen", "sockfd_lookup"), 19, "current().file = sock"),
        ),
        None,
        (("sock", SOCK_VAR), ("port", PORT_ARG)),
    ),
    Transition(
        f"{LISTEN}/1",
        LISTEN,
        ANNOUNCE,
        (),
        terms.conj(FREE, terms.eq(read("Sock", "state", SK), CLOSE)),
        (put("users", terms.TRUE), put("owner", SELF)),
        (ACQUIRE, step("test", CALLED, 23, "not (sk.state != TCP_CLOSE)")),
    ),
    Transition(
        f"{LISTEN}/2",
        LISTEN,
        IDLE,
        (),
        terms.conj(FREE, terms.negate(terms.eq(read("Sock", "state", SK), CLOSE))),
        (local(SK_VAR, NULL_SOCK), local(PORT_VAR, terms.const(0, PORT))),
        (ACQUIRE, step("test", CALLED, 23, "sk.state != TCP_CLOSE"), RELEASE, step("return", CALLED[:1], 17, "return")),
        errno("EINVAL"),
    ),
    Transition(
        f"{ANNOUNCE}/1",
        ANNOUNCE,
        VALIDATE,
        (),
        terms.TRUE,
        (put("state", LISTENING),),
        (step("access", STARTED, 34, "sk.state = TCP_LISTEN"),),
    ),
    Transition(
        f"{VALIDATE}/1",
        VALIDATE,
        HASH,
        (),
        terms.negate(CONFLICT),
        (put("num", PORT_LOCAL),),
        (BUCKET, step("test", BUCKET.stack, 42, "not (any(conflict))"), step("access", BUCKET.stack, 43, "sk.num = port")),
    ),
    Transition(
        f"{VALIDATE}/2",
        VALIDATE,
        REFUSED,
        (),
        CONFLICT,
        (),
        (BUCKET, step("test", BUCKET.stack, 42, "any(conflict)")),
    ),
    Transition(
        f"{HASH}/1",
        HASH,
        LATE,
        (),
        terms.TRUE,
        (put("hashed", terms.TRUE),),
        (
            step("region", (*STARTED, "tcp_v4_hash"), 51, "spin_lock_bh(tcp_lhash_lock)"),
            step("access", (*STARTED, "tcp_v4_hash"), 52, "sk.hashed = True"),
        ),
    ),
    Transition(
        f"{LATE}/1",
        LATE,
        IDLE,
        (),
        terms.TRUE,
        (put("sport", terms.htons(read("Sock", "num", SK), BE_PORT)), *UNLOCK),
        (step("access", CALLED, 29, "sk.sport = htons(sk.num)"), RELEASE, step("return", CALLED[:1], 17, "return")),
        errno("0"),
    ),
    Transition(
        f"{REFUSED}/1",
        REFUSED,
        IDLE,
        (),
        terms.TRUE,
        (put("state", CLOSE), *UNLOCK),
        (step("access", STARTED, 38, "sk.state = TCP_CLOSE"), RELEASE, step("return", CALLED[:1], 17, "return")),
        errno("EADDRINUSE"),
    ),
)

SYSTEM = TransitionSystem(
    "toy",
    VARS,
    (
        Location(IDLE, "", "", IDLE, ()),
        location(LISTEN, CALLED, "with lock_sock(sk):", held=False),
        location(ANNOUNCE, STARTED, "sk.state = TCP_LISTEN", held=True),
        location(VALIDATE, BUCKET.stack, "with spin_lock_bh(tcp_bhash_lock):", held=True),
        location(HASH, (*STARTED, "tcp_v4_hash"), "with spin_lock_bh(tcp_lhash_lock):", held=True),
        location(LATE, CALLED, "sk.sport = htons(sk.num)", held=True),
        location(REFUSED, STARTED, "sk.state = TCP_CLOSE", held=True),
    ),
    TRANSITIONS,
    (THREAD, SOCKET, SOCK),
    THREAD,
    SELF,
    PC,
    ("sys_socket", "sys_listen"),
)
BY_NAME = {t.name: t for t in TRANSITIONS}


def asked(name: str, kind: str, params: tuple[Term, ...], formula: Term, antecedent: Term, expected: str) -> Property:
    """A property of the toy."""
    stands_for = f"the comment on {name}"
    return Property(name, kind, params, formula, antecedent, stands_for, expected, "so it is", Place("spec/p.py", 7))


S, A, B = (terms.var(n, SOCK) for n in ("sk", "a", "b"))
T1, T2 = terms.var("t1", THREAD), terms.var("t2", THREAD)
HASHED = read("Sock", "hashed", S)
SPORT_IS_NUM = terms.eq(read("Sock", "sport", S), terms.htons(read("Sock", "num", S), BE_PORT))
HASHED_SPORT = asked("hashed_sport", "always", (S,), terms.implies(HASHED, SPORT_IS_NUM), HASHED, "violated")
WINDOW = asked(
    "window",
    "sometimes",
    (S,),
    terms.conj(terms.eq(read("Sock", "state", S), LISTENING), terms.eq(read("Sock", "num", S), terms.const(0, PORT))),
    terms.TRUE,
    "reachable",
)
BOTH_REFUSED = asked(
    "both_refused",
    "sometimes",
    (T1, T2),
    terms.conj(terms.negate(terms.eq(T1, T2)), SYSTEM.at(T1, REFUSED), SYSTEM.at(T2, REFUSED)),
    terms.TRUE,
    "reachable",
)


def run(*moves: tuple[str, int] | tuple[str, int, dict[Term, int]]) -> Trace:
    """The trace that fires the named transitions: ``(name, process)`` or ``(name, process, choices)``."""
    path: list[tuple[Transition, Binding]] = []
    for name, process, *choices in moves:
        path.append((BY_NAME[name], {SELF: process, **(choices[0] if choices else {})}))
    return replay(SYSTEM, INSTANCE, path)


def socket(process: int, index: int) -> tuple[str, int, dict[Term, int]]:
    """``process`` makes Socket and Sock number ``index``."""
    return "sys_socket/1", process, {NEW_SOCKET: index, NEW_SOCK: index}


def listen(process: int, index: int) -> tuple[str, int, dict[Term, int]]:
    """``process`` calls listen on Socket number ``index``, port 80."""
    return "sys_listen/1", process, {SOCK_VAR: index, PORT_ARG: 1}


def late_write() -> Trace:
    """One thread: hashed before ``sport`` is written."""
    return run(socket(1, 1), listen(1, 1), *((f"{at}/1", 1) for at in (LISTEN, ANNOUNCE, VALIDATE, HASH)))


def refused() -> Trace:
    """Two listens that refuse each other, badly interleaved."""
    return run(
        socket(1, 1),
        socket(2, 2),
        listen(1, 1),
        listen(2, 2),
        (f"{LISTEN}/1", 1),
        (f"{LISTEN}/1", 2),
        (f"{ANNOUNCE}/1", 1),
        (f"{ANNOUNCE}/1", 2),
        (f"{VALIDATE}/2", 1),
        (f"{VALIDATE}/2", 2),
    )
