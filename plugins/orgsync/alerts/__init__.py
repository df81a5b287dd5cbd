"""Problems of operation: found, remembered, and told to those who can mend them, once, again after a day, and once when they are over."""
