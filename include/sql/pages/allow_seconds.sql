-- Lets what follows in this transaction take so many seconds (seconds).
select set_config('statement_timeout', %(seconds)s || 's', true)
