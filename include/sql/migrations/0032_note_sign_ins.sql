-- Who signed in by their organization, who was refused, and whose rights changed, is in ops.audit too.

create function ops.note_access(tenant text, person text, action text, detail text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if note_access.action not in ('signed.in', 'sign_in.refused', 'rights.changed') then
        raise exception using errcode = 'NT001', message = format('%L is nothing that a sign-in does', note_access.action);
    end if;
    if note_access.action = 'rights.changed' and note_access.detail = (
        select audit.detail
        from ops.audit
        where audit.tenant_id = note_access.tenant
          and audit.subject = note_access.person
          and audit.action = 'rights.changed'
        order by audit.audit_id desc
        limit 1
    ) then
        return;
    end if;
    insert into ops.audit (actor, action, tenant_id, subject, detail)
    values (note_access.tenant || ':' || note_access.person, note_access.action, note_access.tenant, note_access.person, note_access.detail);
end
$$;
comment on function ops.note_access is 'Writes down a sign-in, a refusal, or that somebody has other rights than before.';

create index audit_by_subject on ops.audit (tenant_id, subject, action, audit_id);

revoke execute on function ops.note_access(text, text, text, text) from public;
grant execute on function ops.note_access(text, text, text, text) to orgsync_pages;
