-- Tells the planner how many versions a plan holds.
select stage.analyze_rows('timeline')
