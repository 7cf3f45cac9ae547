"""What is heard on a line, told from the bytes alone."""

from hypothesis import given, strategies as st
from pymodbus.framer.rtu import FramerRTU

from custom_components.dts307.meter.listen import Heard, judge

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
    assert judge(before + answer + after, UNIT) is Heard.ANSWER
    assert judge(QUESTION + before + answer + after, UNIT) is Heard.ANSWER


@given(others.flatmap(answers))
def test_another_units_answer(answer: bytes) -> None:
    assert judge(answer, UNIT) is Heard.ANOTHER_UNIT
    assert judge(QUESTION + answer, UNIT) is Heard.ANOTHER_UNIT


@given(others.flatmap(answers), answers(UNIT))
def test_the_units_own_answer_counts_among_others(other: bytes, answer: bytes) -> None:
    assert judge(other + answer, UNIT) is Heard.ANSWER


@given(answers(UNIT), st.data())
def test_a_damaged_answer_is_noise(answer: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(answer) * 8 - 1))
    damaged = bytearray(answer)
    damaged[at // 8] ^= 1 << at % 8
    assert judge(bytes(damaged), UNIT) is Heard.NOISE


@given(st.binary(max_size=4))
def test_a_crackle_is_nothing(crackle: bytes) -> None:
    assert judge(crackle, UNIT) is Heard.NOTHING
    assert judge(QUESTION + crackle, UNIT) is Heard.NOTHING


@given(others, st.binary(min_size=4, max_size=4))
def test_another_masters_question_is_no_answer(unit: int, words: bytes) -> None:
    assert judge(framed(bytes([unit, 3]) + words), UNIT) is not Heard.ANSWER


def test_silence() -> None:
    assert judge(b"", UNIT) is Heard.NOTHING
