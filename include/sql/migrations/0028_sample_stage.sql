-- Of staged rows the planner needs to know how many there are, and how many keys: what they hold is joined with nothing. Sampling all of it
-- took as long as copying half of it in.
do $$
declare
    staged record;
begin
    for staged in
        select
            attrelid::regclass as name,
            attname,
            case when attname in ('plan_id', 'department_id', 'user_id') then 20 else 0 end as target
        from pg_attribute
        where attrelid in ('stage.department'::regclass, 'stage.user'::regclass, 'stage.membership'::regclass)
          and attnum > 0
          and not attisdropped
    loop
        execute format('alter table %s alter column %I set statistics %s', staged.name, staged.attname, staged.target);
    end loop;
end
$$;
