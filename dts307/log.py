"""Read a meter again and again, into a file or to MQTT."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
import sys
from typing import Annotated, TextIO

import typer

from .connect import connected
from .exit_codes import exit_code
from .meter import MeterError
from .meter.modbus import LINK_TIMING, LinkTiming
from .mqtt import Broker, BrokerError, MqttSink
from .options import Every, seconds
from .output import Invert, import_positive
from .program import OutageNotes, fail, run
from .session import MeterReader, Readings
from .sinks import CsvSink, JsonLinesSink, Sink
from .target import Target, bus_text, takes_target
from .texts import failure_text

Csv = Annotated[bool, typer.Option("--csv", help="Write CSV.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Write one JSON object a line.")]
Mqtt = Annotated[
    str | None,
    typer.Option(
        "--mqtt", metavar="URL", help="Publish to mqtt://[USER@]HOST[:PORT], or mqtts://."
    ),
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A file to append to, instead of standard output."),
]
Count = Annotated[
    int | None, typer.Option("--count", "-n", min=1, help="End after so many readings.")
]
Prefix = Annotated[str, typer.Option("--topic-prefix", help="MQTT: first part of the topics.")]
Discovery = Annotated[
    str, typer.Option("--discovery-prefix", help="MQTT: Home Assistant's discovery prefix.")
]
Password = Annotated[
    str | None,
    typer.Option(
        "--mqtt-password",
        envvar="DTS307_MQTT_PASSWORD",
        show_envvar=True,
        help="MQTT: the password; better in the environment, which other users cannot see.",
    ),
]


@takes_target
def log(  # noqa: PLR0913 - they are the options of the command line
    target: Target,
    *,
    every: Every = "1s",
    csv: Csv = False,
    jsonl: JsonLines = False,
    mqtt: Mqtt = None,
    output: Output = None,
    count: Count = None,
    invert: Invert = False,
    topic_prefix: Prefix = "dts307",
    discovery_prefix: Discovery = "homeassistant",
    mqtt_password: Password = None,
) -> None:
    """Log the readings of a meter until Ctrl-C, as CSV, JSON lines or over MQTT.

    If the meter does not answer, standard error says why, and logging goes on once it answers.
    With --mqtt, Home Assistant adds the meter by itself.

    [bold]Examples[/bold]

        dts307 log /dev/ttyUSB0 --csv -o meter.csv
        dts307 log 192.168.1.50 --every 500ms --jsonl
        dts307 log COM3 --every 10s --mqtt mqtt://user@homeassistant.local
    """
    interval = seconds(every)
    if [csv, jsonl, mqtt is not None].count(True) != 1:
        raise typer.BadParameter("Give one of --csv, --jsonl and --mqtt.")
    if mqtt is None:
        with _opened(output) as file:
            sink: Sink = JsonLinesSink(file, target.unit_id)
            if csv:
                is_begun = output is not None and output.stat().st_size > 0
                sink = CsvSink(file, target.unit_id, has_heading=is_begun)
            run(keep_logging(target, sink, interval, count=count, invert=invert))
        return
    sink = _mqtt_sink(target, mqtt, mqtt_password, topic_prefix, discovery_prefix)
    run(keep_logging(target, sink, interval, count=count, invert=invert))


def _mqtt_sink(
    target: Target, url: str, password: str | None, prefix: str, discovery: str
) -> MqttSink:
    if find_spec("paho") is None:
        raise fail("MQTT needs the package paho-mqtt: install 'dts307[mqtt]'.")
    try:
        broker = Broker.parse(url, password)
    except ValueError as err:
        raise typer.BadParameter(str(err)) from err
    place = f"{bus_text(target.bus)}_{target.unit_id}"
    return MqttSink(broker, place, prefix=prefix, discovery=discovery)


@contextmanager
def _opened(output: Path | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    try:
        with output.open("a", encoding="utf-8", newline="") as file:
            yield file
    except OSError as err:
        raise fail(f"{output} cannot be written: {err.strerror}.") from err


async def keep_logging(  # noqa: PLR0913 - they are the options of the command line
    target: Target,
    sink: Sink,
    interval: float,
    *,
    count: int | None = None,
    invert: bool = False,
    timing: LinkTiming = LINK_TIMING,
) -> None:
    """Read a meter every ``interval`` s into a sink, ``count`` times; without it, until cancelled.

    Raises typer.Exit if the meter cannot be read at first, or if the sink fails.
    """
    outage = OutageNotes(target.bus)
    written = 0
    async with connected(target.bus, timing) as connection:
        readings = Readings(MeterReader(connection, target.unit_id), interval)
        try:
            while written != count:
                reading = await readings.next()
                if isinstance(reading, MeterError):
                    if not written:
                        raise fail(failure_text(reading, target.bus), exit_code(reading))
                    if outage.failed(reading):
                        sink.lost()
                    continue
                if not written:
                    await sink.open(readings.meter, reading)
                outage.answered()
                sink.write(datetime.now(UTC), import_positive(reading, invert=invert))
                written += 1
        except BrokerError as err:
            raise fail(f"The MQTT broker cannot be used: {err}.") from err
        finally:
            await sink.close()
