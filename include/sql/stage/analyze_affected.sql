-- Tells the planner how many keys a plan touches.
analyze stage.affected
