-- Tells the planner how much is known of the affected keys.
select stage.analyze_rows('observation')
