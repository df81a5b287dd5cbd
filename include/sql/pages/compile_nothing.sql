-- Keeps the server from compiling statements for the rest of the session: for a page that takes longer than running them.
select set_config('jit', 'off', false)
