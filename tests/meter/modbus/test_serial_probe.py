"""What is heard on a line, told from the bytes alone."""

from hypothesis import given, strategies as st
from pymodbus.framer.rtu import FramerRTU

from custom_components.dts307.meter.modbus import ProbeResult, classified

UNIT = 100


def framed(body: bytes) -> bytes:
    """Return an RTU frame, with the checksum that pymodbus gives it."""
    return body + FramerRTU.compute_CRC(body).to_bytes(2)


QUESTION = framed(bytes([UNIT, 3]) + (40000).to_bytes(2) + (2).to_bytes(2))

noise = st.binary(max_size=40)
others = st.integers(1, 247).filter(lambda unit: unit != UNIT)


@st.composite
def answers(draw: st.DrawFn, unit: int) -> bytes:
    """Draw an answer to the question, or a refusal of it."""
    if draw(st.booleans()):
        return framed(bytes([unit, 0x83, draw(st.integers(1, 11))]))
    return framed(bytes([unit, 3, 4]) + draw(st.binary(min_size=4, max_size=4)))


@given(noise, answers(UNIT), noise)
def test_an_answer_is_heard_through_all_noise(before: bytes, answer: bytes, after: bytes) -> None:
    assert classified(before + answer + after, UNIT) is ProbeResult.ANSWER
    assert classified(QUESTION + before + answer + after, UNIT) is ProbeResult.ANSWER


@given(others.flatmap(answers))
def test_another_units_answer(answer: bytes) -> None:
    assert classified(answer, UNIT) is ProbeResult.ANOTHER_UNIT
    assert classified(QUESTION + answer, UNIT) is ProbeResult.ANOTHER_UNIT


@given(others.flatmap(answers), answers(UNIT))
def test_the_units_own_answer_counts_among_others(other: bytes, answer: bytes) -> None:
    assert classified(other + answer, UNIT) is ProbeResult.ANSWER


@given(answers(UNIT), st.data())
def test_a_damaged_answer_is_noise(answer: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(answer) * 8 - 1))
    damaged = bytearray(answer)
    damaged[at // 8] ^= 1 << at % 8
    assert classified(bytes(damaged), UNIT) is ProbeResult.NOISE


@given(st.binary(max_size=4))
def test_a_crackle_is_nothing(crackle: bytes) -> None:
    assert classified(crackle, UNIT) is ProbeResult.NOTHING
    assert classified(QUESTION + crackle, UNIT) is ProbeResult.NOTHING


@given(others, st.binary(min_size=4, max_size=4))
def test_another_masters_question_is_no_answer(unit: int, words: bytes) -> None:
    assert classified(framed(bytes([unit, 3]) + words), UNIT) is not ProbeResult.ANSWER


def test_silence() -> None:
    assert classified(b"", UNIT) is ProbeResult.NOTHING
