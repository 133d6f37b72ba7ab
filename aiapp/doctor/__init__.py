"""The doctor: what will break in an application on models, told from its files alone. Nothing is run, nothing is sent.

Files are read into sightings (`reading/`: a model that stands in a call, a schema, a requirement; each with its place),
and checks (`checks/`: pure) hold them against the catalogue, the providers' limits and the table of packages.
`examination` joins the two, and is the only part that touches the disk and the environment.

A sighting needs evidence: a name counts as a model's where a model stands, or with its provider before it; what a
setting's value cannot be read from, and a name that nobody knows, is no finding.
"""
