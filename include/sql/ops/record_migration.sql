-- Notes one migration as applied, in its own transaction.
insert into orgsync.migration (version, name, digest)
values (%(version)s, %(name)s, %(digest)s)
