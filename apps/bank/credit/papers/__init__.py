"""Papers: from a photo of an identity card to fields, each with a confidence; what is doubtful asks the person."""
