-- Tells the planner how many departments were just copied; without it the merge would be planned for an empty table.
select stage.analyze_rows('department')
