// Voltages and currents as vectors. The meter measures magnitudes, power and reactive power. It does
// not measure the angles between its voltages, so we assume the nominal ones.
import type { PhaseName } from "./phases.ts";
import type { Phase, Reading } from "./reading.ts";

/** A vector, with its angle in degrees counterclockwise from the voltage of phase A. */
export interface Vector {
  angle: number;
  magnitude: number;
}

export interface Phasor {
  name: PhaseName | undefined;
  voltage: Vector | undefined;
  current: Vector | undefined;
  /** How far the current lags its voltage, in degrees; beyond ±90° the phase exports. */
  lag: number | undefined;
  /** Whether we know lag from lead. */
  signed: boolean;
}

const WYE: Readonly<Record<PhaseName, number>> = { A: 0, B: -120, C: 120 };
/** A voltage between two lines leads the voltage of the first line by 30°. */
const AHEAD = 30;
/**
 * Two legs of one transformer are 180° apart, and have twice the voltage between them. Two phases of
 * a three-phase service are 120° apart, and have √3 times the voltage. This is the middle.
 */
const OPPOSITE_LEGS = (2 + Math.sqrt(3)) / 2;

/** Return the nominal angle between two voltages of a service; 0 for a single phase. */
export function nominalAngle(reading: Reading): number {
  if (reading.topology === "single") return 0;
  const { betweenLegs } = reading;
  const [first, second] = reading.phases;
  // A three-phase meter looks like a split-phase one if the entities of one phase are disabled.
  if (reading.topology !== "split" || first?.name !== "A" || second?.name !== "B") return 120;
  const [a, b] = [first.voltage?.value, second.voltage?.value];
  if (a === undefined || b === undefined || betweenLegs === undefined) return 180;
  return betweenLegs / ((a + b) / 2) < OPPOSITE_LEGS ? 120 : 180;
}

export function phasorsOf(reading: Reading, nominal: number): Phasor[] {
  return reading.phases.map((phase) => phasorOf(phase, nominal));
}

function phasorOf(phase: Phase, nominal: number): Phasor {
  const { name, voltage, current, betweenLines } = phase;
  const angle = name === undefined ? 0 : nominal === 180 ? (name === "A" ? 0 : 180) : WYE[name];
  const { lag, signed } = lagOf(phase);
  return {
    name,
    voltage: vector(voltage?.value, betweenLines ? angle + AHEAD : angle),
    current: lag === undefined ? undefined : vector(current?.value, angle - lag),
    lag,
    signed,
  };
}

function vector(magnitude: number | undefined, angle: number): Vector | undefined {
  return magnitude === undefined ? undefined : { magnitude: Math.abs(magnitude), angle };
}

/** Power and reactive power give the angle; the power factor gives only its size. */
export function lagOf({ power, reactivePower, powerFactorValue }: Phase): {
  lag: number | undefined;
  signed: boolean;
} {
  const [p, q] = [power?.value, reactivePower?.value];
  if (p !== undefined && q !== undefined && Math.hypot(p, q) > 0) {
    return { lag: degrees(Math.atan2(q, p)), signed: true };
  }
  if (powerFactorValue === undefined || p === undefined || p === 0) {
    return { lag: undefined, signed: false };
  }
  const factor = Math.abs(powerFactorValue) * Math.sign(p);
  return { lag: degrees(Math.acos(factor)), signed: false };
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}

/** Return a round number that is not much larger, for the scale of the drawing. */
export function roundUp(magnitude: number): number {
  if (magnitude <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(magnitude));
  return ([1, 2, 3, 4, 6, 8].find((step) => step * power >= magnitude * (1 - 1e-9)) ?? 10) * power;
}
