-- Takes a person out of every table (erasure_id; mentions, pattern, problem_pattern, needles: see the function). A second run finds nothing.
select ops.erase_person(%(erasure_id)s, %(mentions)s::text[], %(pattern)s, %(problem_pattern)s, %(needles)s) as counts
