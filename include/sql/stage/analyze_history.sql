-- Tells the planner what history holds after a large load; until autovacuum does, joins over everybody would be planned for empty tables.
select stage.analyze_history(%(rows_written)s)
