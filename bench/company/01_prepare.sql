-- What numbers and words are drawn by, always the same.
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
set hash_mem_multiplier = 4;
set enable_memoize = off; -- what is remembered of a million different people costs ten times what it saves

create schema bench;

-- At least 0 and less than 1, for a number and what is drawn for it.
create function bench.chance(number bigint, what bigint) returns double precision
language sql immutable parallel safe
as $$
    select (hashint8extended(number, what) & 4503599627370495) / 4503599627370496.0::double precision
$$;

-- One of so many, counted from 0; with a lean of more than 1 the first are drawn more often.
create function bench.draw(count bigint, number bigint, what bigint, lean double precision) returns bigint
language sql immutable parallel safe
as $$
    select floor(count * power((hashint8extended(number, what) & 4503599627370495) / 4503599627370496.0::double precision, lean))::bigint
$$;

-- Another one for each number, though they look as if drawn.
create function bench.user_id(number bigint) returns text
language sql immutable parallel safe
as $$
    select lpad(to_hex(number * 2654435761 %% 4294967296), 8, '0')
$$;

create function bench.pick(words text[], number bigint, what bigint, lean double precision) returns text
language sql immutable parallel safe
as $$
    select words[1 + bench.draw(cardinality(words), number, what, lean)]
$$;
