-- Lets a message (message_id) that waits because something failed go now, gives what was given up another round, and gives the answer in words.
-- A second run finds it under way.
select notify.retry(%(message_id)s) as answer
