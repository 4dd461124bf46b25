import { TIMER_MAX } from "../../services/timer.ts";

/** What an inspector is made with. */
export interface InspectorOptions {
  /** Exchanges that are kept, and parse errors, which count as well; beyond them the oldest goes. */
  readonly maxExchanges?: number;
  /** Bytes that are kept of the content of each direction of an exchange; the rest is counted only. */
  readonly maxContent?: number;
  /** Lines that are kept of what is logged during an exchange, and of its errors as many. */
  readonly maxLogs?: number;
  /** Characters that are kept of a line, and of an error. */
  readonly maxLogSize?: number;
  /** Milliseconds that the answer to a replayed request may take; past it its connection is cut. */
  readonly replayTimeout?: number;
  /** Names whose values are masked beside those that logs hide: of fields, of parameters, and in JSON and forms. */
  readonly secrets?: readonly string[];
  /** Whether secrets are shown. */
  readonly showSecrets?: boolean;
  /** Whether it answers clients of other machines too. */
  readonly allowRemote?: boolean;
  /** Hosts it answers to beside `localhost`, `127.0.0.1` and `[::1]`, without a port. */
  readonly hosts?: readonly string[];
}

/** Every option that has a default. */
export const DEFAULT_INSPECTOR_OPTIONS: Required<InspectorOptions> = {
  maxExchanges: 200,
  maxContent: 65_536,
  maxLogs: 100,
  maxLogSize: 4096,
  replayTimeout: 30_000,
  secrets: [],
  showSecrets: false,
  allowRemote: false,
  hosts: [],
};

/** The least and the most that numbers may be. */
const BOUNDS = {
  maxExchanges: [1, Number.MAX_SAFE_INTEGER],
  maxContent: [0, Number.MAX_SAFE_INTEGER],
  maxLogs: [0, Number.MAX_SAFE_INTEGER],
  maxLogSize: [1, Number.MAX_SAFE_INTEGER],
  replayTimeout: [1, TIMER_MAX],
} as const;

/** The options with their defaults. Throws a RangeError or TypeError that names one that makes no sense. */
export function checkOptions(options: InspectorOptions): Required<InspectorOptions> {
  const all = { ...DEFAULT_INSPECTOR_OPTIONS, ...options };
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = all[name as keyof typeof BOUNDS];
    if (Number.isSafeInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(value)}`);
  }
  for (const name of ["secrets", "hosts"] as const) {
    if (Array.isArray(all[name]) && all[name].every((each) => typeof each === "string" && each !== "")) continue;
    throw new TypeError(`${name} is a list of names, not ${JSON.stringify(all[name])}`);
  }
  return all;
}
