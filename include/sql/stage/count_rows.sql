-- How many rows of a plan are staged, to notice that a crash of the server emptied the unlogged tables.
select
    (select count(*) from stage.department where plan_id = %(plan_id)s) as departments,
    (select count(*) from stage.user where plan_id = %(plan_id)s) as users,
    (select count(*) from stage.membership where plan_id = %(plan_id)s) as memberships,
    (select count(*) from stage.timeline where plan_id = %(plan_id)s) as timeline_rows
