-- Tells the planner how many keys a plan touches.
select stage.analyze_rows('affected')
