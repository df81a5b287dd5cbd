-- The warehouse's time now, in seconds since 1970. Nothing is written.
select extract(epoch from clock_timestamp())::double precision as seconds
