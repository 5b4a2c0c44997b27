import { type Random, scatter, seededRandom, weightedPicker, zipfWeights } from './random.ts';

/** One event, under the names of the columns that it is loaded into. */
export interface EventRow {
  /** ISO 8601 in UTC, with milliseconds. */
  event_time: string;
  customer_id: number;
  event_type: string;
  country: string;
  browser: string;
  device_id: number;
  session_id: number;
}

export interface PopulationOptions {
  /** A whole number; the same seed gives the same events. @default 1 */
  seed?: number;
  /** How many customers there are; number 1 has the most events. @default 1000 */
  customers?: number;
  /** How many devices there are; each customer has favourites of its own among them. @default 10000 */
  devices?: number;
  /** How many events come in a minute, roughly: decides how many visits go on at a time. @default 200 */
  eventsPerMinute?: number;
}

export interface EventsOptions extends PopulationOptions {
  /** How many events. @default 200000 */
  rows?: number;
  /** Where the events end, excluded; a text is read as ISO 8601. @default the current minute */
  until?: Date | string;
  /** How many days before `until` the events begin. @default 7 */
  days?: number;
  /** Share of the events that arrive minutes to hours after they happened. @default 0.02 */
  lateShare?: number;
}

/** Makes the event of a time, in ms since 1970. */
export type NextEvent = (timeMs: number, options?: { alone?: boolean }) => EventRow;

/** Event types, with the share of the events that are of this type, of 100. */
const EVENT_TYPES = { click: 52, scroll: 33, download: 9, buy: 6 };

/** Countries, with the share of the devices there, of 100. */
const COUNTRIES = {
  'United States': 30,
  India: 20,
  China: 18,
  Germany: 10,
  'United Kingdom': 9,
  France: 7,
  Brazil: 6,
};

/** Browsers, with the share of the devices that run them, of 100. */
const BROWSERS = { chrome: 62, safari: 20, firefox: 12, opera: 6 };

/**
 * Events in the order of their arrival, as a product with many customers receives them: a few customers and a few
 * devices make most of them, days have a quiet night and a busy afternoon (UTC), a device keeps its country and its
 * browser, a visit makes some events in a row, and some events arrive late. Takes the same memory for any number
 * of rows.
 */
export function* events({
  rows = 200_000,
  until = currentMinute(),
  days = 7,
  lateShare = 0.02,
  ...people
}: EventsOptions = {}): Generator<EventRow, void> {
  const end = new Date(until).getTime();
  const start = end - Math.round(days * DAY_MS);
  const eventsPerMinute = rows / ((end - start) / MINUTE_MS);
  const nextEvent = population({ eventsPerMinute, ...people });
  const random = seededRandom((people.seed ?? 1) + ARRIVALS);
  for (const arrival of arrivals(rows, start, end, random)) {
    const late = random() < lateShare;
    const timeMs = late ? Math.max(start, arrival - lateness(random)) : arrival;
    yield nextEvent(timeMs, { alone: late });
  }
}

/**
 * Customers and their devices. Every tenth event of 1,000 customers is customer 1's, and every tenth event of a
 * customer comes from its favourite of 10,000 devices; a visit makes about three events within ten minutes.
 *
 * @returns a function that makes the event of a time, in ms since 1970: one of a visit that goes on, the first of a
 * new one, or `alone`, outside of all visits, as an event that arrives late
 */
export function population({
  seed = 1,
  customers = 1000,
  devices = 10_000,
  eventsPerMinute = 200,
}: PopulationOptions = {}): NextEvent {
  const random = seededRandom(seed);
  const pickCustomer = weightedPicker(zipfWeights(customers, CUSTOMER_SKEW));
  const pickDevice = weightedPicker(zipfWeights(devices, DEVICE_SKEW));
  const pickType = namePicker(EVENT_TYPES);
  const pickCountry = namePicker(COUNTRIES);
  const pickBrowser = namePicker(BROWSERS);
  const favourites = Array.from({ length: customers }, (_, index) =>
    shuffledRanks(devices, scatter(index + seed * 31)),
  );
  const writeTime = timeWriter();
  const places = Math.round(Math.min(Math.max(eventsPerMinute * 3, 16), 65_536));
  const visits = new Array<Visit | undefined>(places);
  let begun = 0;

  const begin = (timeMs: number): Visit => {
    const customer = pickCustomer(random());
    const device = favourites[customer](pickDevice(random()));
    const traits = scatter(scatter(customer + seed) + device);
    return {
      customer_id: customer + 1,
      country: pickCountry((traits & 0xffff) / 0x10000),
      browser: pickBrowser((traits >>> 16) / 0x10000),
      device_id: device + 1,
      session_id: Math.floor((timeMs - YEAR_2020_MS) / 1000) * 10_000 + (begun++ % 10_000),
      endsMs: timeMs + LONGEST_VISIT_MS,
    };
  };
  const event = (visit: Visit, timeMs: number): EventRow => ({
    event_time: writeTime(timeMs),
    customer_id: visit.customer_id,
    event_type: pickType(random()),
    country: visit.country,
    browser: visit.browser,
    device_id: visit.device_id,
    session_id: visit.session_id,
  });
  return (timeMs, { alone = false } = {}) => {
    if (alone) return event(begin(timeMs), timeMs);
    const place = Math.floor(random() * places);
    let visit = visits[place];
    if (random() < NEW_VISIT_SHARE || !visit || visit.endsMs <= timeMs) {
      visit = begin(timeMs);
      visits[place] = visit;
    }
    return event(visit, timeMs);
  };
}

/** The tutorial's events: each value equally likely, whoever the customer is, and no time. */
export function* uniformEvents({
  rows = 200_000,
  seed = 1,
  customers = 1000,
  devices = 10_000,
}: EventsOptions = {}): Generator<Omit<EventRow, 'event_time'>, void> {
  const random = seededRandom(seed);
  const below = (count: number) => Math.floor(random() * count);
  for (let row = 0; row < rows; row++) {
    yield {
      customer_id: 1 + below(customers),
      event_type: UNIFORM_TYPES[below(UNIFORM_TYPES.length)],
      country: UNIFORM_COUNTRIES[below(UNIFORM_COUNTRIES.length)],
      browser: UNIFORM_BROWSERS[below(UNIFORM_BROWSERS.length)],
      device_id: 1 + below(devices),
      session_id: 1 + below(100_000),
    };
  }
}

/** The minute that it is now: where events end unless told otherwise. */
export function currentMinute(): Date {
  return new Date(Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS);
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const YEAR_2020_MS = Date.UTC(2020, 0);
// apart from the seeds that people type, so that arrivals and population draw from sequences of their own
const ARRIVALS = 2 ** 40;
// customer 1 of 1,000 has a tenth of the events
const CUSTOMER_SKEW = 0.925;
// the favourite of 10,000 devices has a tenth of its customer's events
const DEVICE_SKEW = 1;

// a visit makes 1 / 0.3 events on average
const NEW_VISIT_SHARE = 0.3;
const LONGEST_VISIT_MS = 30 * MINUTE_MS;

type Visit = Omit<EventRow, 'event_time' | 'event_type'> & { endsMs: number };

const UNIFORM_TYPES = Object.keys(EVENT_TYPES);
const UNIFORM_BROWSERS = Object.keys(BROWSERS);
// seven entries and six countries, as in the tutorial: China is drawn twice as often
const UNIFORM_COUNTRIES = [
  'United States',
  'United Kingdom',
  'India',
  'France',
  'Germany',
  'China',
  'China',
];

/**
 * `rows` times from `start` to `end`, ascending, without sorting: the span is cut into parts that expect one event
 * each, and each event falls somewhere into its part (stratified sampling).
 */
function* arrivals(rows: number, start: number, end: number, random: Random): Generator<number> {
  const minutes = Math.ceil((end - start) / MINUTE_MS);
  const weights = Float64Array.from({ length: minutes }, (_, minute) => {
    const from = start + minute * MINUTE_MS;
    return activity(from) * (Math.min(from + MINUTE_MS, end) - from);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let minute = 0;
  let passed = 0;
  for (let row = 0; row < rows; row++) {
    const target = ((row + random()) / rows) * total;
    while (minute < minutes - 1 && passed + weights[minute] <= target) passed += weights[minute++];
    const offsetMs = (target - passed) / activity(start + minute * MINUTE_MS);
    yield Math.min(end - 1, Math.floor(start + minute * MINUTE_MS + offsetMs));
  }
}

// events a minute, relative to the day's mean: a quarter at 3 in the night, seven quarters at 3 in the afternoon
function activity(timeMs: number): number {
  const hour = (timeMs % DAY_MS) / (DAY_MS / 24);
  return Math.round(100 + 75 * Math.cos(((hour - 15) / 12) * Math.PI)) / 100;
}

// a phone that was offline: a minute at least, three quarters of an hour more on average, now and then many hours
function lateness(random: Random): number {
  return Math.round((1 - 45 * Math.log(1 - random())) * MINUTE_MS);
}

function namePicker(weights: Record<string, number>): (draw: number) => string {
  const names = Object.keys(weights);
  const pick = weightedPicker(Object.values(weights));
  return (draw) => names[pick(draw)];
}

// each rank to one device and each device to one rank: a step that shares no divisor with the count reaches all
function shuffledRanks(count: number, bits: number): (rank: number) => number {
  let step = 1 + (bits % count);
  while (greatestDivisor(step, count) > 1) step++;
  const offset = scatter(bits) % count;
  return (rank) => (rank * step + offset) % count;
}

function greatestDivisor(one: number, other: number): number {
  return other ? greatestDivisor(other, one % other) : one;
}

// ISO 8601 like Date's toISOString, some ten times faster where times stay within a minute
function timeWriter(): (timeMs: number) => string {
  let minute = -1;
  let prefix = '';
  return (timeMs) => {
    const itsMinute = Math.floor(timeMs / MINUTE_MS);
    if (itsMinute !== minute) {
      minute = itsMinute;
      prefix = new Date(minute * MINUTE_MS).toISOString().slice(0, 17);
    }
    const ms = timeMs - minute * MINUTE_MS;
    return `${prefix}${ms < 10_000 ? '0' : ''}${(ms / 1000).toFixed(3)}Z`;
  };
}
