"""The log buffer: lines, times, tails, followers, and its bound."""

from engine.daemon.logs import LogBuffer, Piece, Query
from engine.host import STDERR, STDOUT
from engine.loop import SECOND, Loop

START = 1_000 * SECOND
ALL = Query()


def read(loop: Loop, log: LogBuffer, query: Query = ALL) -> list[Piece]:
    async def collect() -> list[Piece]:
        return [piece async for piece in log.read(query)]

    return loop.run(collect())


def text(pieces: list[Piece]) -> bytes:
    return b"".join(piece.data for piece in pieces)


def filled(*writes: tuple[float, int, bytes]) -> tuple[Loop, LogBuffer]:
    loop = Loop(start=START)
    log = LogBuffer(loop)
    for seconds, stream, data in writes:
        loop.advance(START + int(seconds * SECOND))
        log.write(stream, data)
    log.close()
    return loop, log


THREE = ((0, STDOUT, b"one\n"), (1, STDERR, b"two\n"), (2, STDOUT, b"three\nfour\n"))


def test_streams_can_be_read_apart() -> None:
    loop, log = filled(*THREE)
    assert text(read(loop, log)) == b"one\ntwo\nthree\nfour\n"
    assert text(read(loop, log, Query(stderr=False))) == b"one\nthree\nfour\n"


def test_a_tail_counts_lines_of_the_streams_asked_for() -> None:
    loop, log = filled(*THREE)
    assert text(read(loop, log, Query(tail=1))) == b"four\n"
    assert text(read(loop, log, Query(tail=3))) == b"two\nthree\nfour\n"
    assert text(read(loop, log, Query(stdout=False, tail=9))) == b"two\n"
    assert read(loop, log, Query(tail=0)) == []


def test_since_and_until_are_moments() -> None:
    loop, log = filled(*THREE)
    assert text(read(loop, log, Query(since=START + SECOND))) == b"two\nthree\nfour\n"
    assert text(read(loop, log, Query(until=START + SECOND))) == b"one\ntwo\n"


def test_a_line_is_logged_when_it_is_whole_with_the_time_of_its_beginning() -> None:
    loop = Loop(start=START)
    log = LogBuffer(loop)
    log.write(STDOUT, b"be")
    assert read(loop, log) == []
    loop.advance(START + SECOND)
    log.write(STDOUT, b"gin\nrest")
    assert read(loop, log) == [Piece(START, STDOUT, b"begin\n")]
    log.close()
    assert text(read(loop, log)) == b"begin\nrest"


def test_a_follower_hears_what_comes_until_the_program_ends() -> None:
    loop = Loop(start=START)
    log = LogBuffer(loop)
    log.write(STDOUT, b"before\n")

    async def follow() -> bytes:
        return text([piece async for piece in log.read(Query(follow=True))])

    heard = loop.spawn(follow())
    for number in range(3):
        loop.call_later(number, lambda number=number: log.write(STDOUT, b"%d\n" % number))
    loop.call_later(3, log.close)
    assert loop.run(heard) == b"before\n0\n1\n2\n"


def test_a_follower_with_a_bound_stops_there() -> None:
    loop = Loop(start=START)
    log = LogBuffer(loop)
    loop.call_later(1, lambda: log.write(STDOUT, b"in time\n"))
    loop.call_later(9, lambda: log.write(STDOUT, b"late\n"))
    assert text(read(loop, log, Query(follow=True, until=START + 5 * SECOND))) == b"in time\n"
    assert loop.time == START + 5 * SECOND


def test_the_oldest_goes_first_and_the_reader_is_told() -> None:
    loop = Loop(start=START)
    log = LogBuffer(loop, limit=1000)
    for number in range(100):
        log.write(STDOUT, b"line %03d of one hundred\n" % number)
    pieces = read(loop, log)
    assert pieces[0].stream == STDERR and str(log.dropped).encode() in pieces[0].data
    kept = text(pieces[1:])
    assert kept.endswith(b"line 099 of one hundred\n") and len(kept) <= 1000
    assert len(kept) + log.dropped == 100 * 24
    assert text(read(loop, log, Query(tail=1))) == b"line 099 of one hundred\n"


def test_a_log_comes_back_from_its_rows() -> None:
    loop, log = filled(*THREE, (3, STDOUT, b"\xff\x00\n"))
    again = LogBuffer(loop)
    again.load([list(row) for row in log.rows()])
    assert read(loop, again) == read(loop, log)
