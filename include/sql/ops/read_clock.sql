-- The warehouse's time, not the transaction's: the one clock that all workers go by.
select clock_timestamp() as now
