"""The length of a request distinguishes its answer from those to other requests."""

from collections import deque

from hypothesis import given, strategies as st

from custom_components.dts307.meter.modbus.request_lengths import RequestLengths

DUE = 60.0


def lengths_of(*counts: int, is_queued: bool = True, most: int = 125) -> list[int]:
    """Return the lengths of requests that all succeed."""
    lengths = RequestLengths(is_queued=is_queued)
    sent: list[int] = []
    for count in counts:
        sent.append(lengths.choose(count, most, 0.0))
        lengths.sent(sent[-1])
    return sent


@given(counts=st.lists(st.integers(1, 123), min_size=3, max_size=40), behind=st.integers(1, 2))
def test_an_answer_from_a_queue_has_another_length(counts: list[int], behind: int) -> None:
    """Whatever is read, up to two answers behind."""
    sent = lengths_of(*counts)
    assert all(mine != held for held, mine in zip(sent, sent[behind:], strict=False))


@given(st.lists(st.tuples(st.integers(1, 121), st.floats(0.0, 30.0)), max_size=40))
def test_a_late_answer_has_another_length(requests: list[tuple[int, float]]) -> None:
    """Of the last four that failed, none can be taken for the answer to another request."""
    lengths, now = RequestLengths(is_queued=False), 0.0
    failed: deque[tuple[int, float]] = deque(maxlen=4)
    for count, later in requests:
        now += later
        length = lengths.choose(count, 125, now)
        assert length not in [each for each, due_until in failed if due_until > now]
        lengths.sent(length)
        lengths.failed(length, now + DUE)
        failed.append((length, now + DUE))


def test_requests_are_as_short_as_they_can_be() -> None:
    assert lengths_of(55, 55, 55, 55, 107, 55) == [55, 56, 57, 55, 107, 56]
    assert lengths_of(55, 55, 55, is_queued=False) == [55, 55, 55]


def test_with_one_register_to_spare_the_request_before_counts_most() -> None:
    assert lengths_of(55, 55, 55, 55, most=56) == [55, 56, 55, 56]


def test_without_registers_to_spare_there_is_no_choice() -> None:
    assert lengths_of(55, 55, most=55) == [55, 55]
    assert lengths_of(55, 55, most=0) == [55, 55]


def test_a_failure_counts_for_a_while() -> None:
    lengths = RequestLengths(is_queued=False)
    lengths.failed(55, DUE)
    assert [lengths.choose(55, 125, now) for now in (0.0, DUE - 0.01, DUE)] == [56, 56, 55]


def test_if_all_have_failed_the_oldest_is_the_best() -> None:
    lengths = RequestLengths(is_queued=False)
    for due_until, length in enumerate((57, 55, 59, 56, 58), start=1):
        lengths.failed(length, due_until)
    assert lengths.choose(55, 125, 0.0) == 57
