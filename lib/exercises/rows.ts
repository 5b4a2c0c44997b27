/** Statements that make the rows on which answers are tried out. */

/** A group of a rollup. A session is as good as a device where none is named. */
export interface Group {
  customer: number;
  /** SQL, such as `now() - interval '1 day'`. */
  time: string;
  devices: number[];
  sessions?: number[];
  country?: string;
  event?: string;
}

/** Inserts a group into a rollup, as if its events had been rolled up. */
export function group(
  rollup: 'rollup_events_5min' | 'rollup_events_1hr',
  { customer, time, devices, sessions = devices, country = 'India', event = 'click' }: Group,
): string {
  const unit = rollup === 'rollup_events_5min' ? 'minute' : 'hour';
  return `
    insert into ${rollup} (customer_id, event_type, country, browser, ${unit}, event_count,
                           device_distinct_count, session_distinct_count, top_devices_1000)
    select ${customer}, '${event}', '${country}', 'chrome', ${time}, ${devices.length}, devices, sessions, list
      from (select hll_add_agg(hll_hash_bigint(id), 11, 5, 32) as devices, topn_add_agg(id::text) as list
              from unnest(array[${devices}]::bigint[]) as id) as device,
           (select hll_add_agg(hll_hash_bigint(id), 11, 5, 32) as sessions
              from unnest(array[${sessions}]::bigint[]) as id) as session`;
}

/** Inserts an event; its id comes from the sequence unless there is one. */
export const event = (customer: number, time = 'now()', id?: number): string => `
  insert into events (${id === undefined ? '' : 'event_id, '}event_time, customer_id, event_type, country, browser,
                      device_id, session_id)
  values (${id === undefined ? '' : `${id}, `}${time}, ${customer}, 'click', 'India', 'chrome', 1, 1)`;

/** Lets the session, and on Citus those of the workers, live in another time zone. */
export const inTimeZone = (name: string): string[] => [
  `set local citus.propagate_set_commands to 'local'`,
  `set local timezone to '${name}'`,
];

/** Takes away what a chapter has left of a customer of its own. */
export const without = (customer: number): string[] =>
  ['events', 'rollup_events_5min', 'rollup_events_1hr', 'rollup_progress'].map(
    (table) => `delete from ${table} where customer_id = ${customer}`,
  );
