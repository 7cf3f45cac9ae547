// Voltages and currents as vectors. The meter gives magnitudes, power and reactive power; the angles
// between its voltages are taken as nominal.
import type { Phase, PhaseName, Reading } from "./reading.ts";

/** A vector in degrees, counted against the clock from the voltage of phase A. */
export interface Vector {
  angle: number;
  magnitude: number;
}

export interface Phasor {
  name: PhaseName | undefined;
  voltage: Vector | undefined;
  current: Vector | undefined;
  /** From the current to its phase's voltage: positive lags, beyond 90° flows backwards. */
  lag: number | undefined;
  /** Whether lag or lead is known. */
  signed: boolean;
}

const WYE: Readonly<Record<PhaseName, number>> = { A: 0, B: -120, C: 120 };
/** A voltage between two lines is 30° ahead of that of the first. */
const AHEAD = 30;
/** Between two legs of one transformer lie 180°; of a three-phase one 120°, and √3 of the volts. */
const OPPOSITE_LEGS = (2 + Math.sqrt(3)) / 2;

/** Return the nominal angle between two voltages of a service; 0 if it has but one. */
export function nominalAngle(reading: Reading, betweenLegs?: number): number {
  if (reading.topology === "single") return 0;
  const [first, second] = reading.phases;
  // Of a meter for three phases, two may be all that is enabled.
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

/** Power and reactive power give the whole angle, the power factor only how far it is from 0. */
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

/**
 * Return the phases that feed in while all in all the house draws, which a reversed current
 * transformer looks like. One that draws while others feed in is a house in the sun.
 */
export function opposed(reading: Reading): PhaseName[] {
  const known = reading.phases.map(({ name, power }) => ({ name, watts: power?.value ?? 0 }));
  if (known.reduce((sum, { watts }) => sum + watts, 0) <= 0) return [];
  return known
    .filter(({ watts }) => watts < -NOTICEABLE)
    .map(({ name }) => name)
    .filter((name) => name !== undefined);
}

/**
 * Return two phases of which one lags as far behind its voltage as the other leads, which is how
 * current transformers look that sit on each other's phases.
 *
 * No load is that far from its voltage; a phase whose load and sun are about the same may be.
 */
export function swapped(reading: Reading, phasors: readonly Phasor[]): PhaseName[] {
  const far = phasors.filter(({ lag, signed }, index) => {
    const watts = Math.abs(reading.phases[index]?.power?.value ?? 0);
    const beside = Math.abs(Math.abs(lag ?? 0) - 120);
    return signed && watts > NOTICEABLE && beside < FROM_THIRD;
  });
  const ways = new Set(far.map(({ lag }) => Math.sign(lag ?? 0)));
  return far.length === 2 && ways.size === 2 ? far.flatMap(({ name }) => name ?? []) : [];
}

/** Degrees; by how much what a house draws may be beside its voltage. */
const FROM_THIRD = 28;

/** W; a phase of a house with little to do may well be capacitive and a watt or two beyond 0. */
const NOTICEABLE = 20;

/** Return the radius of a circle for magnitudes: a round number that is not much larger. */
export function roundUp(magnitude: number): number {
  if (magnitude <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(magnitude));
  return ([1, 2, 3, 4, 6, 8].find((step) => step * power >= magnitude * (1 - 1e-9)) ?? 10) * power;
}
