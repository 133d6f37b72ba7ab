"""Reading: the text of a file to sightings. Pure; a text that is not what its name says gives one `Unread`."""
