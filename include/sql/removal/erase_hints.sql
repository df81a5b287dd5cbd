-- Takes a person, or a tenant, out of events, targeted reads and problems (erasure_id, problem_pattern). A second run finds nothing.
select ops.erase_hints(%(erasure_id)s, %(problem_pattern)s) as counts
