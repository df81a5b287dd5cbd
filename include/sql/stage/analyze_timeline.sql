-- Tells the planner how many versions a plan holds.
analyze stage.timeline
