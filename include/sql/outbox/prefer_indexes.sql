-- Makes the planner use indexes for the rest of the session, and the server end it soon if it stands still. A worker looks up few rows of many, among them those that it wrote a moment
-- ago: by the statistics of before, a message to one person looks as large as one to everybody, and reading the whole table as good.
-- Where an index is missing on an older server, the scan is so dear in the planner's eyes that it would compile the statement; not here.
select
    set_config('enable_seqscan', 'off', false),
    set_config('jit', 'off', false),
    -- A worker that stands still while it claims, its process or machine frozen, keeps its tenant's other workers waiting.
    set_config('idle_in_transaction_session_timeout', '30s', false)
