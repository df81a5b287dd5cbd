-- When the next message or call of a tenant (tenant_id) is to go: null if none waits.
select least(
    (select min(next_attempt_at) from notify.message where tenant_id = %(tenant_id)s and state = 'pending'),
    (
        select min(next_attempt_at)
        from notify.delivery
        where tenant_id = %(tenant_id)s
          and state in ('waiting', 'unknown')
    ),
    (select min(recall_after) from notify.delivery where tenant_id = %(tenant_id)s and recall_after is not null and lease_until is null)
) as next_at
