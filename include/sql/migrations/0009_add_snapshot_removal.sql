-- Snapshots are not kept for ever in the landing zone; history goes on referring to those that are gone.

alter table ops.snapshot add column removed_at timestamptz;

comment on column ops.snapshot.removed_at is 'When its files were removed from the landing zone: it cannot be loaded again. Null while they are there.';
