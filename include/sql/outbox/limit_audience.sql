-- Lets what follows in this transaction only read, and take no longer than some seconds (seconds) for a statement, until it goes back to
-- where it was before. A second run changes nothing.
select
    set_config('statement_timeout', %(seconds)s || 's', true),
    set_config('transaction_read_only', 'on', true)
