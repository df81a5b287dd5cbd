-- Tells the planner how much is known of the affected keys.
analyze stage.observation
