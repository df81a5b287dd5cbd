-- What chance and words are drawn from, always the same. %(surnames)s, %(givens)s, %(odd_names)s, %(titles)s, %(areas)s, %(centers)s,
-- %(odd_departments)s, %(places)s: words.
set work_mem = '256MB';
set maintenance_work_mem = '512MB';
set hash_mem_multiplier = 4;

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

create table bench.words as
select
    %(surnames)s::text[] as surnames,
    %(givens)s::text[] as givens,
    %(odd_names)s::text[] as odd_names,
    %(titles)s::text[] as titles,
    %(areas)s::text[] as areas,
    %(centers)s::text[] as centers,
    %(odd_departments)s::text[] as odd_departments,
    %(places)s::text[] as places;
