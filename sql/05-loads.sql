-- What was loaded: a row for each file, written in the same
-- transaction as the events of the file. So a file is in the
-- table and in this list, or in neither.
create table if not exists loads (
  load_id bigint generated always as identity primary key,
  file_name text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  table_name text not null default 'events',
  rows bigint not null check (rows >= 0),
  bytes bigint not null check (bytes >= 0),
  repeated boolean not null default false,
  started_at timestamptz not null default now(),
  finished_at timestamptz not null default clock_timestamp()
);

comment on table loads is
  'workshop: files that were loaded, each in the transaction of its COPY';
comment on column loads.sha256 is
  'of the bytes of the file: the same content under another name is the same file';
comment on column loads.repeated is
  'loaded on purpose although the same content was there before';

-- The same content goes into a table once. Two loaders of one
-- file at the same time meet here: the second waits for the
-- first to commit, and is refused, or to roll back, and goes on.
-- Repeats on purpose stay outside, but the first load of a
-- content never does: the next one finds it.
create unique index if not exists loads_once
  on loads (table_name, sha256) where not repeated;
